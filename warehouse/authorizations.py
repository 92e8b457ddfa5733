"""Authorizations of single flow runs. Every function runs in the tenant session."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, and_, delete, func, or_, select, update

from warehouse.tables.app import authorizations

VALID_FOR = timedelta(minutes=15)
KEPT_FOR = timedelta(days=1)  # for the retries of the run that used it


def add(
    connection: Connection,
    org_id: UUID,
    *,
    token_hash: bytes,
    operation: str,
    as_of: datetime | None,
    user_id: UUID,
) -> None:
    """Stores one, good for fifteen minutes, and deletes those that are long over."""
    now = func.clock_timestamp()
    connection.execute(delete(authorizations).where(authorizations.c.expires_at < now - KEPT_FOR))
    connection.execute(
        authorizations.insert().values(
            org_id=org_id,
            token_hash=token_hash,
            operation=operation,
            as_of=as_of,
            user_id=user_id,
            expires_at=now + VALID_FOR,
        )
    )


@dataclass(frozen=True)
class Asked:
    """What a flow run is to do, and the hash of the authorization that it was given, if any."""

    operation: str
    as_of: datetime | None
    token_hash: bytes | None
    flow_run_id: UUID


def use(connection: Connection, asked: Asked) -> UUID | None:
    """Who asked for exactly this, if no other run has used it; None if it is not good for it.

    One statement decides: of two runs at once, one waits for the other's row and finds it used.
    """
    one = authorizations.c
    unused = and_(one.used_at.is_(None), one.expires_at > func.clock_timestamp())
    user_id: UUID | None = connection.execute(
        update(authorizations)
        .where(
            one.token_hash == asked.token_hash,
            one.operation == asked.operation,
            one.as_of.is_not_distinct_from(asked.as_of),
            or_(unused, one.flow_run_id == asked.flow_run_id),
        )
        .values(
            used_at=func.coalesce(one.used_at, func.clock_timestamp()),
            flow_run_id=asked.flow_run_id,
        )
        .returning(one.user_id)
    ).scalar_one_or_none()
    return user_id


def why_not(connection: Connection, asked: Asked) -> str:
    """What is wrong with one that could not be used, for the audit trail and for people."""
    if asked.token_hash is None:
        return "missing"
    one = authorizations.c
    row = connection.execute(
        select(
            one.operation == asked.operation,
            one.as_of.is_not_distinct_from(asked.as_of),
            one.used_at.is_(None),
        ).where(one.token_hash == asked.token_hash)
    ).one_or_none()
    if row is None:
        return "unknown here"
    if not row[0]:
        return "for another operation"
    if not row[1]:
        return "for another instant"
    return "expired" if row[2] else "used already"
