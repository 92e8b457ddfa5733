"""The wrapped data keys of one organization. Every function runs in its tenant session."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, case, func, select, text, update

from warehouse.tables.keys import org_keys


@dataclass(frozen=True)
class Stored:
    """A data key as it lies in the warehouse: wrapped, or nothing once destroyed."""

    key_id: int
    kek_uri: str
    wrapped: bytes


STORED = (org_keys.c.key_id, org_keys.c.kek_uri, func.coalesce(org_keys.c.wrapped, b""))


def find(connection: Connection, key_id: int) -> Stored | None:
    row = connection.execute(select(*STORED).where(org_keys.c.key_id == key_id)).one_or_none()
    return None if row is None else Stored(*row)


def find_active(connection: Connection, purpose: str, week: date | None) -> Stored | None:
    row = connection.execute(
        select(*STORED)
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
) -> None:
    connection.execute(
        org_keys.insert().values(
            org_id=org_id,
            key_id=stored.key_id,
            wrapped=stored.wrapped,
            purpose=purpose,
            week=week,
            kek_uri=stored.kek_uri,
        )
    )


def wrapped_keys(connection: Connection) -> list[Stored]:
    """Every key that is not destroyed, by id."""
    rows = connection.execute(
        select(*STORED).where(org_keys.c.wrapped.is_not(None)).order_by(org_keys.c.key_id)
    )
    return [Stored(*row) for row in rows]


def rewrap(connection: Connection, stored: Stored) -> None:
    """Puts another wrap of the same key in place."""
    connection.execute(
        update(org_keys)
        .where(org_keys.c.key_id == stored.key_id, org_keys.c.wrapped.is_not(None))
        .values(kek_uri=stored.kek_uri, wrapped=stored.wrapped)
    )


def add_uses(connection: Connection, key_id: int, count: int) -> tuple[int, str]:
    """(how many values the key has sealed, these included; its state). Locks the key's row."""
    used = connection.execute(
        update(org_keys)
        .where(org_keys.c.key_id == key_id)
        .values(sealed_count=org_keys.c.sealed_count + count)
        .returning(org_keys.c.sealed_count, org_keys.c.state)
    )
    total, state = used.one()
    return int(total), state


def destroy_past(connection: Connection, *, ends: date, spared: Collection[int] = ()) -> list[int]:
    """Destroys the content keys of the weeks of which all days lie before `ends`; which.

    None that is `spared`, because something still lies under it.
    """
    return destroy(connection, find_past(connection, ends=ends) - set(spared))


def find_past(connection: Connection, *, ends: date) -> set[int]:
    """The content keys, not destroyed yet, of the weeks of which all days lie before `ends`."""
    past = select(org_keys.c.key_id).where(
        org_keys.c.purpose == "content",
        org_keys.c.week <= ends - timedelta(days=7),
        org_keys.c.state != "destroyed",
    )
    return set(connection.execute(past).scalars())


def destroy(connection: Connection, key_ids: Collection[int]) -> list[int]:
    """Destroys these keys; which. Nothing that was sealed with them opens any more."""
    done = connection.execute(
        update(org_keys)
        .where(org_keys.c.key_id.in_(key_ids))
        .values(state="destroyed", wrapped=None, destroyed_at=func.clock_timestamp())
        .returning(org_keys.c.key_id)
    )
    return sorted(done.scalars())


def destroy_all(connection: Connection) -> int:
    """Destroys every key of the organization: nothing that was sealed for it opens any more."""
    done = connection.execute(
        update(org_keys)
        .where(org_keys.c.state != "destroyed")
        .values(state="destroyed", wrapped=None, destroyed_at=func.clock_timestamp())
    )
    return done.rowcount


@dataclass(frozen=True)
class Retired:
    """A key that seals no more and still opens."""

    key_id: int
    purpose: str
    week: date | None


def retire_active(connection: Connection) -> int:
    """Has nothing more sealed with the keys there are; how many. The next use makes new ones."""
    done = connection.execute(
        update(org_keys)
        .where(org_keys.c.state == "active", org_keys.c.purpose != "index")
        .values(state="retired", retired_at=func.clock_timestamp())
    )
    return done.rowcount


def retire(connection: Connection, key_id: int) -> None:
    """Has nothing more sealed with this key. The next use makes a new one."""
    connection.execute(
        update(org_keys)
        .where(org_keys.c.key_id == key_id, org_keys.c.state == "active")
        .values(state="retired", retired_at=func.clock_timestamp())
    )


def retired(connection: Connection) -> list[Retired]:
    table = org_keys.c
    found = select(table.key_id, table.purpose, table.week).where(table.state == "retired")
    rows = connection.execute(found.order_by(org_keys.c.key_id))
    return [Retired(*row) for row in rows]


def lock_retired(connection: Connection) -> list[int]:
    """The retired keys, locked.

    Until the transaction ends, nothing that was sealed with them can be committed.
    """
    found = select(org_keys.c.key_id).where(org_keys.c.state == "retired")
    rows = connection.execute(found.order_by(org_keys.c.key_id).with_for_update())
    return list(rows.scalars())


def note_emptied(connection: Connection, key_ids: Collection[int]) -> None:
    """Of the retired keys, nothing lies under these, since now or before, but under all others."""
    empty = org_keys.c.key_id.in_(key_ids)
    since = func.coalesce(org_keys.c.emptied_at, func.clock_timestamp())
    connection.execute(
        update(org_keys)
        .where(org_keys.c.state == "retired")
        .values(emptied_at=case((empty, since), else_=None))
    )


def destroy_emptied(connection: Connection, grace: timedelta) -> list[int]:
    """Destroys the retired keys that have been empty for `grace`; which."""
    done = connection.execute(
        update(org_keys)
        .where(org_keys.c.state == "retired")
        .where(org_keys.c.emptied_at <= func.clock_timestamp() - grace)
        .values(state="destroyed", wrapped=None, destroyed_at=func.clock_timestamp())
        .returning(org_keys.c.key_id)
    )
    return sorted(done.scalars())


def find_active_key(connection: Connection, purpose: str) -> "Told | None":
    """The long-lived key of this purpose, if one was made."""
    found = [one for one in all_keys(connection) if (one.purpose, one.state) == (purpose, "active")]
    return found[0] if found else None


class Told(NamedTuple):
    """What there is to tell about a key, which is nothing of the key itself."""

    key_id: int
    purpose: str
    week: date | None
    state: str
    kek_uri: str
    sealed_count: int
    created_at: datetime
    ended_at: datetime | None


def all_keys(connection: Connection) -> list[Told]:
    """Every key that was ever made, by id; `ended_at` is since when it seals no more."""
    table = org_keys.c
    rows = connection.execute(
        select(
            table.key_id,
            table.purpose,
            table.week,
            table.state,
            table.kek_uri,
            table.sealed_count,
            table.created_at,
            func.coalesce(table.destroyed_at, table.retired_at),
        ).order_by(table.key_id)
    )
    return [Told(*row) for row in rows]
