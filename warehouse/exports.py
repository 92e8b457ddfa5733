"""Archives of what is held of a person: where each lies, under which key, and how it ended.

Every function runs in the organization's tenant session.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, update

from warehouse.tables.exports import export_keys, exports

Ending = Literal["fetched", "expired", "deleted"]
LIVE = ("making", "made")
_table = exports.c


@dataclass(frozen=True)
class Export:
    """One archive; `sha256` and `size_bytes` are of it as it is handed out."""

    export_id: UUID
    request_id: UUID
    subject: bytes
    state: str
    location: str | None
    size_bytes: int | None
    sha256: bytes | None
    counts: Mapping[str, int] | None
    made_at: datetime
    expires_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, repr=False)
class Begun:
    """An archive that is about to be written. `sealed_key` is its key, sealed."""

    export_id: UUID
    request_id: UUID
    subject: bytes
    user_ids: Sequence[int]
    location: str
    sealed_key: bytes
    expires_at: datetime


def begin(connection: Connection, org_id: UUID, begun: Begun) -> None:
    """Notes an archive with its key before its first byte is written: what is killed is found."""
    connection.execute(
        exports.insert().values(
            org_id=org_id,
            export_id=begun.export_id,
            request_id=begun.request_id,
            subject=begun.subject,
            user_ids=list(begun.user_ids),
            location=begun.location,
            expires_at=begun.expires_at,
        )
    )
    connection.execute(
        export_keys.insert().values(
            org_id=org_id, export_id=begun.export_id, sealed=begun.sealed_key
        )
    )


def finish(
    connection: Connection,
    export_id: UUID,
    *,
    size_bytes: int,
    sha256: bytes,
    counts: Mapping[str, int],
) -> bool:
    """Whether the archive, which is whole now, is still wanted."""
    done = connection.execute(
        update(exports)
        .where(_table.export_id == export_id, _table.state == "making")
        .values(state="made", size_bytes=size_bytes, sha256=sha256, counts=dict(counts))
    )
    return done.rowcount > 0


def find(connection: Connection, export_id: UUID, *, lock: bool = False) -> Export | None:
    """The archive, kept from others until the transaction ends where `lock` says so."""
    asked = select(*_FIELDS).where(_table.export_id == export_id)
    row = connection.execute(asked.with_for_update() if lock else asked).one_or_none()
    return None if row is None else Export(*row)


def find_all(connection: Connection, *, request_id: UUID | None = None) -> list[Export]:
    """The archives, of one request or of all, the latest first."""
    asked = select(*_FIELDS).order_by(_table.made_at.desc())
    if request_id is not None:
        asked = asked.where(_table.request_id == request_id)
    return [Export(*row) for row in connection.execute(asked)]


def sealed_key(connection: Connection, export_id: UUID) -> bytes | None:
    """The archive's sealed key; None once it is destroyed."""
    found = connection.execute(
        select(export_keys.c.sealed).where(export_keys.c.export_id == export_id)
    ).scalar_one_or_none()
    return None if found is None else bytes(found)


def end(connection: Connection, export_id: UUID, ending: Ending) -> None:
    """Destroys the archive's key: nothing opens it any more, wherever a copy of it lies."""
    _end(connection, _table.export_id == export_id, ending)


def end_of_request(connection: Connection, request_id: UUID) -> int:
    """Ends what was begun or made for a request, to make it anew; how many."""
    return _end(connection, _table.request_id == request_id, "deleted")


def expire(connection: Connection, as_of: datetime) -> int:
    """Ends the archives whose time is over, made or left behind in the making; how many."""
    return _end(connection, _table.expires_at <= as_of, "expired")


def count_past(connection: Connection, as_of: datetime) -> int:
    """How many archives are there whose time is over."""
    past = select(func.count()).where(_table.expires_at <= as_of, _table.state.in_(LIVE))
    return int(connection.execute(past).scalar_one())


def delete_of(connection: Connection, subject: bytes, user_ids: Sequence[int] = ()) -> int:
    """Ends every archive of a person, by whatever name it was asked for; how many.

    What is left of them in their store opens for nobody, and goes with the next sweep.
    """
    named = or_(_table.subject == subject, _table.user_ids.overlap(list(user_ids)))
    return _end(connection, named, "deleted")


def ended_locations(connection: Connection) -> dict[UUID, str]:
    """Where archives lie that have ended and are not deleted yet."""
    rows = connection.execute(
        select(_table.export_id, _table.location).where(
            _table.state.not_in(LIVE), _table.location.is_not(None)
        )
    )
    return {row.export_id: row.location for row in rows}


def forget_location(connection: Connection, export_id: UUID) -> None:
    """The archive is not in its store any more."""
    connection.execute(update(exports).where(_table.export_id == export_id).values(location=None))


def _end(connection: Connection, which: ColumnElement[bool], ending: Ending) -> int:
    ended = connection.execute(
        update(exports)
        .where(which, _table.state.in_(LIVE))
        .values(state=ending, ended_at=func.clock_timestamp(), user_ids=None)
        .returning(_table.export_id)
    )
    ids = list(ended.scalars())
    connection.execute(delete(export_keys).where(export_keys.c.export_id.in_(ids)))
    return len(ids)


_FIELDS = [_table[name] for name in Export.__dataclass_fields__]
