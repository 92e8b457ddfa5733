"""Access: what is held of a person, since when and until when, and who got something of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tasks.resources import Resources
from tasks.rights.records import Record, iter_records
from tasks.rights.requests import end, pending
from tasks.rights.subjects import Person
from warehouse.held import Extent, Recipient, find_scope, measure, recipients
from warehouse.kinds import KINDS
from warehouse.sessions import Organization


@dataclass(frozen=True)
class Held:
    """So many records of a kind; the first of them ends at `ends_from`, the last at `ends_by`.

    Without an end: it goes with what it belongs to, or is kept as proof.
    """

    name: str
    about: str
    records: int
    first_at: datetime | None
    last_at: datetime | None
    ends_from: datetime | None
    ends_by: datetime | None


@dataclass(frozen=True)
class Access:
    """All that is held of a person. `words` has the records themselves, by kind, where asked for.

    `repr` hides them.
    """

    person: Person
    tickets: int
    held: Sequence[Held]
    recipients: Sequence[Recipient]
    words: Mapping[str, Sequence[Record]] | None

    def __repr__(self) -> str:
        return f"Access({self.person.subject.hex()})"


def find_held(resources: Resources, person: Person, *, words: bool = False) -> Access:
    """What is held of this person: counts and instants, with `words` the records as well.

    The request is entered and done at once, with the counts as its receipt.
    """
    with resources.session() as connection:
        request = pending(resources, connection, "access", person)
        scope = find_scope(connection, person.subject, person.user_ids)
        extents = [measure(connection, kind, scope) for kind in KINDS]
        told = {
            one.kind.name: list(iter_records(connection, resources.cipher, one.kind, scope))
            for one in extents
            if words and one.records
        }
        found = Access(
            person,
            len(scope.own) + len(scope.others),
            [_held(resources.organization, one) for one in extents],
            recipients(connection, scope),
            told if words else None,
        )
        records = {one.kind.name: one.records for one in extents if one.records}
        resources.audit(
            connection,
            action="privacy.access",
            purpose="what is held of a person",
            details={
                "subject": person.subject.hex(),
                "records": sum(records.values()),
                "words": "shown" if words else "not shown",
            },
        )
        receipt = {f"records of {name}": count for name, count in records.items()}
        end(resources, connection, request, state="done", receipt=receipt)
    return found


def _held(organization: Organization, extent: Extent) -> Held:
    days = {
        "content": organization.retention_days,
        "ticket": organization.retention_days,
        "audit": organization.audit_retention_days,
    }.get(extent.kind.clock)
    first, last = (
        None if days is None or at is None else at + timedelta(days=days)
        for at in (extent.first_at, extent.last_at)
    )
    kind = extent.kind
    return Held(kind.name, kind.about, extent.records, extent.first_at, extent.last_at, first, last)
