"""Checking the audit trail against its seals: what is the first that is not as it was sealed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest

from sqlalchemy import Connection

from tasks.auditing import (
    Head,
    digest_of,
    first_kept_day,
    head_path,
    kept_head,
    mac_of,
    previous_of,
)
from tasks.resources import Resources
from warehouse import audit_seals
from warehouse.audit_seals import DIGEST_BYTES, Line, Seal


@dataclass(frozen=True)
class Checked:
    """What was found. `fault` names the first that is wrong; None where all holds.

    `events` lie under `seals` and are as they were; the rows of `expired` seals are gone with their
    time; `unsealed` rows wait for the next seal. `head` is what to note elsewhere.
    """

    organization: str
    seals: int
    events: int
    expired: int
    unsealed: int
    head: str | None
    fault: str | None


class Checking:
    """One organization's trail, seal by seal."""

    def __init__(self, resources: Resources, connection: Connection, now: datetime) -> None:
        self._resources = resources
        self._connection = connection
        self._kept_from = first_kept_day(resources, now)
        self._digests: dict[int, str] = {}
        self._events = self._expired = 0
        self._last: Seal | None = None

    def run(self, noted: Head | None) -> Checked:
        """Checks seals and rows in order, then what the end of the chain should be."""
        fault = next(self._faults(noted), None)
        through_no = 0 if self._last is None else self._last.through_no
        return Checked(
            self._resources.organization.slug,
            len(self._digests),
            self._events,
            self._expired,
            audit_seals.count_after(self._connection, through_no),
            str(Head(*list(self._digests.items())[-1])) if self._digests else None,
            fault,
        )

    def _faults(self, noted: Head | None) -> Iterator[str]:
        final = audit_seals.find_seal(self._connection)
        for seal in audit_seals.iter_seals(self._connection):
            yield from self._of_seal(seal)
            past = final is not None and seal.seal_no <= final.expired_no
            yield from self._of_rows(seal, is_past=past or seal.day < self._kept_from)
        yield from self._of_strays()
        for head, whose in self._heads(noted):
            yield from self._of_head(head, whose)

    def _of_seal(self, seal: Seal) -> Iterator[str]:
        expected = 1 if self._last is None else self._last.seal_no + 1
        named = f"seal {seal.seal_no} of {seal.day}"
        if seal.seal_no != expected:
            yield f"seal {expected} is missing: the next one is seal {seal.seal_no}"
        if not compare_digest(mac_of(self._resources, seal), seal.mac):
            yield f"{named} was altered, or is none of ours"
        if seal.previous != previous_of(self._resources, self._last):
            yield f"{named} does not follow the seal before it"
        if seal.digests is not None and sha256(seal.digests).digest() != seal.digest:
            yield f"{named} was altered: its digests"
        self._digests[seal.seal_no] = digest_of(self._resources, seal).hex()
        self._last = seal

    def _of_rows(self, seal: Seal, *, is_past: bool) -> Iterator[str]:
        found = audit_seals.digests_under(self._connection, seal)
        if not found and is_past:
            self._expired += 1
        elif seal.digests is not None and found != seal.digests:
            lines = audit_seals.lines_under(self._connection, seal)
            yield first_difference(seal, seal.digests, lines)
        elif sha256(found).digest() != seal.digest:
            yield f"the rows of seal {seal.seal_no} of {seal.day} are not as they were sealed"
        elif seal.digests is None:
            yield f"seal {seal.seal_no} of {seal.day} was altered: its digests"
        else:
            self._events += seal.events

    def _of_strays(self) -> Iterator[str]:
        through_no = 0 if self._last is None else self._last.through_no
        stray = audit_seals.find_stray(self._connection, through_no)
        if stray is not None:
            yield f"{_named(stray)} was added: it lies under no seal"

    def _heads(self, noted: Head | None) -> Iterator[tuple[Head, str]]:
        kept = kept_head(self._resources)
        if kept is not None:
            yield kept, f"the head in {head_path(self._resources)}"
        if noted is not None:
            yield noted, "the head that was noted"

    def _of_head(self, head: Head, whose: str) -> Iterator[str]:
        last = 0 if self._last is None else self._last.seal_no
        if head.seal_no > last:
            yield (
                f"seal {last + 1} is missing, and what follows it: {whose} is seal"
                f" {head.seal_no}, and the last one here is {last or 'none'}"
            )
        elif self._digests[head.seal_no] != head.digest:
            yield f"seal {head.seal_no} is another than {whose}: it was made anew"


def check_audit(resources: Resources, *, now: datetime, noted: Head | None = None) -> Checked:
    """The audit trail against its seals; against the head that this home keeps, and `noted`."""
    with resources.session() as connection:
        return Checking(resources, connection, now).run(noted)


def first_difference(seal: Seal, sealed: bytes, lines: Sequence[Line]) -> str:
    """Names the first row that is not as sealed, by place and, where it is there, number and id."""
    was = [sealed[at : at + DIGEST_BYTES] for at in range(0, len(sealed), DIGEST_BYTES)]
    now = [line.digest for line in lines]
    at = next(
        (at for at, (one, other) in enumerate(zip(was, now, strict=False)) if one != other),
        min(len(was), len(now)),
    )
    place = f"seal {seal.seal_no} of {seal.day}, row {at + 1} of {seal.events}"
    is_gone = at < len(was) and was[at] not in set(now)
    is_new = at < len(now) and now[at] not in set(was)
    if is_gone and is_new:
        return f"{place}: {_named(lines[at])} was altered"
    if is_gone:
        return f"{place}: a row is missing{_after(lines, at)}"
    if is_new:
        return f"{place}: {_named(lines[at])} was added"
    return f"{place}: the rows are in another order"


def _after(lines: Sequence[Line], at: int) -> str:
    return f", which came after {_named(lines[at - 1])}" if at else ", the first one"


def _named(line: Line) -> str:
    return f"event {line.event_no} ({line.event_id}) of {line.happened_at:%Y-%m-%d %H:%M:%S} UTC"
