"""A page of a stream: its records, those that could not be read, and the cursor that closes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# Records of "tickets" whose events are asked for, and of "ticket_events" that are calls.
AGAIN = {"listed", "voice_calls"}


def id_text(found: object) -> str | None:
    """An id as quarantine shows it: a number. Any other is left out: it could be words."""
    return str(found) if type(found) is int and abs(found) < 2**63 else None


@dataclass(frozen=True)
class BadRecord:
    """A record that is not what Zendesk promises. `raw` is personal data; `reason` is a code."""

    kind: str
    record_id: str | None
    reason: str
    raw: bytes

    def __repr__(self) -> str:
        return f"BadRecord({self.kind} {self.record_id}, {self.reason})"


@dataclass(frozen=True)
class Page:
    """`records` by kind, such as "tickets" and the "users" that came beside them.

    `cursor` is what to store with this page, verbatim; None leaves what is stored. `unknown`
    counts the records that have a field that vensor does not know, by kind and field.
    """

    records: Mapping[str, Sequence[Any]]
    bad: list[BadRecord] = field(default_factory=list)
    cursor: str | None = None
    unknown: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """The records of every kind, each once: some stand in a second list as well."""
        return sum(len(found) for kind, found in self.records.items() if kind not in AGAIN)

    def __repr__(self) -> str:
        return f"Page({ {kind: len(records) for kind, records in self.records.items()} })"
