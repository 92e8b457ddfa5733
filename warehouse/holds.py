"""Legal holds: what no clock ends and nobody erases until they are lifted.

Every function runs in the organization's tenant session.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    TextClause,
    and_,
    func,
    or_,
    select,
    text,
    update,
)

from warehouse.sealed import SealedColumn, Value, beyond, key_id_of, sealed_columns
from warehouse.tables import zendesk
from warehouse.tables.retention import legal_holds

_table = legal_holds.c
_IN_FORCE = and_(_table.lifted_at.is_(None), or_(_table.until.is_(None), _table.until > func.now()))


@dataclass(frozen=True)
class Hold:
    """One hold. `kind` is `ticket`, or `user`: all tickets of that person."""

    hold_id: UUID
    kind: str
    subject_id: int
    reason: str
    placed_by: str
    placed_at: datetime
    until: datetime | None
    lifted_by: str | None
    lifted_at: datetime | None


def place(
    connection: Connection,
    org_id: UUID,
    *,
    kind: str,
    subject_id: int,
    reason: str,
    placed_by: str,
    until: datetime | None,
) -> UUID:
    """Stores a hold; its id. What a purge deletes from here on, it has asked this one about."""
    lock(connection, org_id, placing=True)
    hold_id: UUID = connection.execute(
        legal_holds.insert()
        .values(
            org_id=org_id,
            kind=kind,
            subject_id=subject_id,
            reason=reason,
            placed_by=placed_by,
            until=until,
        )
        .returning(_table.hold_id)
    ).scalar_one()
    return hold_id


def lock(connection: Connection, org_id: UUID, *, placing: bool = False) -> None:
    """Until the transaction ends, no hold is placed; or while `placing`, nothing is deleted."""
    shared = "" if placing else "_shared"
    connection.execute(
        text(f"select pg_advisory_xact_lock{shared}(hashtextextended(:name, 0))"),
        {"name": f"vensor holds {org_id}"},
    )


def find_all(connection: Connection, *, ended: bool = False) -> list[Hold]:
    """Those in force, and with `ended` all that are still remembered; the newest first."""
    asked = select(*(column for column in _table if column.name != "org_id"))
    if not ended:
        asked = asked.where(_IN_FORCE)
    rows = connection.execute(asked.order_by(_table.placed_at.desc(), _table.hold_id))
    return [Hold(**row._mapping) for row in rows]


def lift(connection: Connection, hold_id: UUID, *, lifted_by: str) -> Hold | None:
    """Ends a hold that is in force; which, or None."""
    done = connection.execute(
        update(legal_holds)
        .where(_table.hold_id == hold_id, _IN_FORCE)
        .values(lifted_by=lifted_by, lifted_at=func.clock_timestamp())
        .returning(*(column for column in _table if column.name != "org_id"))
    ).one_or_none()
    return None if done is None else Hold(**done._mapping)


def forget_ended(connection: Connection, before: datetime) -> int:
    """Deletes the holds that ended before then; how many."""
    ended = func.least(_table.lifted_at, _table.until) < before
    return connection.execute(legal_holds.delete().where(ended)).rowcount


def forget_users(connection: Connection, user_ids: Collection[int]) -> int:
    """Deletes the holds on these users, which have all ended; how many."""
    theirs = and_(_table.kind == "user", _table.subject_id.in_(user_ids))
    return connection.execute(legal_holds.delete().where(theirs)).rowcount


def ended_since(connection: Connection, since: datetime) -> bool:
    """Whether a hold has ended since then, or came to its end."""
    ended = func.least(_table.lifted_at, _table.until)
    asked = select(legal_holds).where(ended >= since, ended <= func.now()).exists()
    return bool(connection.execute(select(asked)).scalar_one())


def held_tickets(connection: Connection, ids: Collection[int]) -> set[int]:
    """Those of these tickets that a hold in force keeps."""
    found = connection.execute(
        text("select ticket_id from app.held_tickets where ticket_id = any(:ids)"),
        {"ids": list(ids)},
    )
    return set(found.scalars())


def holds_user(connection: Connection, user_id: int) -> bool:
    """Whether a hold in force names this user."""
    found = connection.execute(
        text("select exists (select from app.held_users where user_id = :user_id)"),
        {"user_id": user_id},
    )
    return bool(found.scalar_one())


def held_rows(connection: Connection, table: str) -> str:
    """What is true of the rows of a table that holds keep, as a condition; of others it is not."""
    asked = text("select app.held_rows(cast(:table as regclass))")
    return str(connection.execute(asked, {"table": table}).scalar_one())


def held_values(
    connection: Connection,
    where: SealedColumn,
    cutoff: datetime,
    *,
    held_under: int,
    after: Value | None,
    at_most: int,
) -> list[Value]:
    """The next held values from before the cutoff that lie under another key than `held_under`,
    in the order of their rows' keys, locked."""
    order = [*where.ids(), where.table.c.changed_at]
    asked = select(*where.ids(), where.table.c.changed_at, where.column).where(
        where.table.c.changed_at < cutoff,
        key_id_of(where.column) != held_under.to_bytes(4),
        _held(connection, where.table.fullname),
    )
    if after is not None:
        asked = asked.where(beyond(where, after))
    rows = connection.execute(asked.order_by(*order).limit(at_most).with_for_update())
    return [Value(tuple(ids), at, bytes(sealed)) for *ids, at, sealed in rows]


def keys_in_use(connection: Connection, cutoff: datetime) -> dict[int, int]:
    """How many sealed values and recordings from before the cutoff lie under each key, here."""
    found: dict[int, int] = {}
    for column, only in _sealed_contents():
        key_id = key_id_of(column)
        asked = select(key_id, func.count()).where(column.table.c.changed_at < cutoff, *only)
        for one, count in connection.execute(asked.group_by(key_id)):
            number = int.from_bytes(one)
            found[number] = found.get(number, 0) + count
    return found


def held_recordings(connection: Connection) -> set[tuple[int, str]]:
    """(call, kind) of the recordings that holds keep."""
    asked = text(f"""
        select call_id, kind from zendesk.recordings
        where {held_rows(connection, "zendesk.recordings")}
    """)
    return {(row.call_id, row.kind) for row in connection.execute(asked)}


def _held(connection: Connection, table: str) -> TextClause:
    return text(f"({held_rows(connection, table)})")


def _sealed_contents() -> Iterator[tuple["Column[bytes]", list[ColumnElement[bool]]]]:
    """Each column under keys of weeks, and which of its rows begin with a header."""
    for one in sealed_columns():
        if one.versioned:
            yield one.column, []
    pieces = zendesk.recording_chunks
    yield pieces.c.sealed, [pieces.c.chunk_no == 0]
