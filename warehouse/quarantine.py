"""Records that could not be read, sealed with their reason; and fields that nobody knew.

Every function runs in the tenant session.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from warehouse.tables.app import quarantine, unknown_fields


@dataclass(frozen=True)
class Held:
    """A record in quarantine. `kind` is the list of the page in which it stood."""

    quarantine_id: UUID
    stream: str
    kind: str
    record_id: str | None
    reason: str
    sealed: bytes
    changed_at: datetime

    def __repr__(self) -> str:
        return f"Held({self.stream} {self.record_id}, {self.reason})"


def held_records(connection: Connection, stream: str | None = None) -> list[Held]:
    """What is in quarantine, each record once, the longest held first."""
    c = quarantine.c
    statement = select(
        c.quarantine_id, c.stream, c.kind, c.record_id, c.reason, c.sealed, c.changed_at
    )
    if stream is not None:
        statement = statement.where(c.stream == stream)
    return [Held(*row) for row in connection.execute(statement.order_by(c.changed_at, c.record_id))]


def count_by_reason(connection: Connection) -> list[tuple[str, str, int]]:
    """(stream, reason, records) of what is in quarantine, the most first."""
    c, count = quarantine.c, func.count()
    statement = select(c.stream, c.reason, count).group_by(c.stream, c.reason)
    rows = connection.execute(statement.order_by(count.desc(), c.stream, c.reason))
    return [(stream, reason, int(records)) for stream, reason, records in rows]


def known_ids(connection: Connection, ids: list[UUID]) -> set[UUID]:
    """Those of `ids` that are in quarantine already: a page that is read again adds nothing."""
    found = connection.execute(
        select(quarantine.c.quarantine_id).where(quarantine.c.quarantine_id.in_(ids))
    )
    return set(found.scalars())


def release(connection: Connection, quarantine_id: UUID) -> None:
    """Takes a record out: it is loaded, or nobody wants it."""
    connection.execute(delete(quarantine).where(quarantine.c.quarantine_id == quarantine_id))


def count_unknown_fields(
    connection: Connection, org_id: UUID, found: Mapping[tuple[str, str], int]
) -> None:
    """Adds to the counts of records with a field that is not read: names, no values."""
    for (kind, field), records in sorted(found.items()):
        statement = insert(unknown_fields).values(
            org_id=org_id, kind=kind, field=field, records=records
        )
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["org_id", "kind", "field"],
                set_={
                    "records": unknown_fields.c.records + records,
                    "last_seen_at": func.clock_timestamp(),
                },
            )
        )


def unknown(connection: Connection) -> list[tuple[str, str, int]]:
    """(kind, field, records) of every field that came and was kept out."""
    c = unknown_fields.c
    rows = connection.execute(select(c.kind, c.field, c.records).order_by(c.kind, c.field))
    return [(row.kind, row.field, row.records) for row in rows]
