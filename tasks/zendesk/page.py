"""A page of a stream: its records, those that could not be read, and the cursor that closes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class BadRecord:
    """A record that is not what Zendesk promises. `raw` is personal data; `reason` is a code."""

    record_id: str | None
    reason: str
    raw: bytes

    def __repr__(self) -> str:
        return f"BadRecord({self.record_id}, {self.reason})"


@dataclass(frozen=True)
class Page:
    """`records` by kind, such as "tickets" and the "users" that came beside them.

    `cursor` is what to store with this page, verbatim; None leaves what is stored.
    """

    records: Mapping[str, Sequence[Any]]
    bad: list[BadRecord] = field(default_factory=list)
    cursor: str | None = None

    @property
    def count(self) -> int:
        """The records of every kind."""
        return sum(len(records) for records in self.records.values())

    def __repr__(self) -> str:
        return f"Page({ {kind: len(records) for kind, records in self.records.items()} })"
