"""The wrapped data keys of one organization. Every function runs in its tenant session."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, func, select, text, update

from warehouse.tables.keys import org_keys


@dataclass(frozen=True)
class Stored:
    """A data key as it lies in the warehouse: wrapped, or None once destroyed."""

    key_id: int
    wrapped: bytes | None


def find(connection: Connection, key_id: int) -> Stored | None:
    row = connection.execute(
        select(org_keys.c.key_id, org_keys.c.wrapped).where(org_keys.c.key_id == key_id)
    ).one_or_none()
    return None if row is None else Stored(*row)


def find_active(connection: Connection, purpose: str, week: date | None) -> Stored | None:
    row = connection.execute(
        select(org_keys.c.key_id, org_keys.c.wrapped)
        .where(org_keys.c.purpose == purpose, org_keys.c.state == "active")
        .where(org_keys.c.week.is_not_distinct_from(week))
    ).one_or_none()
    return None if row is None else Stored(*row)


def lock(connection: Connection, org_id: UUID) -> None:
    """Until the transaction ends, no other process makes a key for this organization."""
    connection.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"vensor keys {org_id}"},
    )


def next_key_id(connection: Connection) -> int:
    highest = connection.execute(select(func.max(org_keys.c.key_id))).scalar_one()
    return (highest or 0) + 1


def insert(
    connection: Connection,
    org_id: UUID,
    stored: Stored,
    *,
    purpose: str,
    week: date | None,
    kek_uri: str,
) -> None:
    connection.execute(
        org_keys.insert().values(
            org_id=org_id,
            key_id=stored.key_id,
            wrapped=stored.wrapped,
            purpose=purpose,
            week=week,
            kek_uri=kek_uri,
        )
    )


def add_uses(connection: Connection, key_id: int, count: int) -> int:
    """The number of values that the key has sealed, these included."""
    total = connection.execute(
        update(org_keys)
        .where(org_keys.c.key_id == key_id)
        .values(sealed_count=org_keys.c.sealed_count + count)
        .returning(org_keys.c.sealed_count)
    )
    return int(total.scalar_one())


def destroy_content_keys(connection: Connection, *, weeks_until: date) -> int:
    """Destroys the content keys of the weeks that began on this day or before; how many."""
    done = connection.execute(
        update(org_keys)
        .where(org_keys.c.purpose == "content", org_keys.c.week <= weeks_until)
        .where(org_keys.c.state != "destroyed")
        .values(state="destroyed", wrapped=None, destroyed_at=func.clock_timestamp())
    )
    return done.rowcount
