"""What people asked for, by when it is due, and how it ended.

Every function runs in the organization's tenant session.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Text, cast, func, select, update

from warehouse.subjects import Names, find_users
from warehouse.tables.rights import privacy_requests

_table = privacy_requests.c
PENDING = ("open", "approved")
ALL = (*PENDING, "done", "refused")


@dataclass(frozen=True)
class Request:
    """One request. `subject` tells that two are of one person, and nothing else of them."""

    request_id: UUID
    kind: str
    subject: bytes
    names: Names
    state: str
    asked_by: str
    asked_at: datetime
    due_at: datetime
    approved_by: str | None
    ended_at: datetime | None
    receipt: Mapping[str, int | str] | None


@dataclass(frozen=True)
class Due:
    """What is to be served: `overdue` and `soon` with the first day first, `pending` in all."""

    overdue: Sequence[Request]
    soon: Sequence[Request]
    pending: int


def add(
    connection: Connection,
    org_id: UUID,
    *,
    kind: str,
    subject: bytes,
    names: Names,
    asked_by: str,
    due_at: datetime,
) -> UUID:
    """Stores one; its id."""
    request_id: UUID = connection.execute(
        privacy_requests.insert()
        .values(
            org_id=org_id,
            kind=kind,
            subject=subject,
            email_index=names.email_index,
            phone_index=names.phone_index,
            zendesk_user_id=names.user_id,
            asked_by=asked_by,
            due_at=due_at,
        )
        .returning(_table.request_id)
    ).scalar_one()
    return request_id


def find(connection: Connection, request_id: UUID, *, lock: bool = False) -> Request | None:
    """The request, kept from others until the transaction ends where `lock` says so."""
    asked = select(privacy_requests).where(_table.request_id == request_id)
    row = connection.execute(asked.with_for_update() if lock else asked).one_or_none()
    return None if row is None else _request(row)


def find_all(connection: Connection, *, states: Sequence[str]) -> list[Request]:
    """Those in these states, the one that is due first before the others."""
    rows = connection.execute(
        select(privacy_requests)
        .where(_table.state.in_(states))
        .order_by(_table.due_at, _table.asked_at)
    )
    return [_request(row) for row in rows]


def find_beginning(connection: Connection, told: str) -> list[Request]:
    """Those whose id begins so, two at most."""
    found = cast(_table.request_id, Text).startswith(told.lower(), autoescape=True)
    rows = connection.execute(select(privacy_requests).where(found).limit(2))
    return [_request(row) for row in rows]


def find_pending(
    connection: Connection, kind: str, names: Names, user_ids: Sequence[int]
) -> Request | None:
    """The request of this kind that the person waits for, under whatever name it was entered."""
    for one in find_all(connection, states=PENDING):
        if one.kind == kind and (
            one.names == names or not set(find_users(connection, one.names)).isdisjoint(user_ids)
        ):
            return one
    return None


def count_due(connection: Connection, as_of: datetime, within: timedelta) -> Due:
    """The requests that nobody has served yet: past their day, due within this time, in all."""
    pending = find_all(connection, states=PENDING)
    overdue = [one for one in pending if one.due_at <= as_of]
    soon = [one for one in pending if as_of < one.due_at <= as_of + within]
    return Due(overdue, soon, len(pending))


def approve(connection: Connection, request_id: UUID, *, approved_by: str) -> bool:
    """Whether it was open, and is approved now."""
    done = connection.execute(
        update(privacy_requests)
        .where(_table.request_id == request_id, _table.state == "open")
        .values(state="approved", approved_by=approved_by, approved_at=func.clock_timestamp())
    )
    return done.rowcount > 0


def note(connection: Connection, request_id: UUID, receipt: Mapping[str, int | str]) -> None:
    """Notes how far serving it has come; it has not ended yet."""
    connection.execute(
        update(privacy_requests)
        .where(_table.request_id == request_id)
        .values(receipt=dict(receipt))
    )


def end(
    connection: Connection, request_id: UUID, *, state: str, receipt: Mapping[str, int | str]
) -> None:
    """Ends it as `done` or `refused`, with its receipt; what named the person is forgotten."""
    connection.execute(
        update(privacy_requests)
        .where(_table.request_id == request_id)
        .values(
            state=state,
            ended_at=func.clock_timestamp(),
            receipt=dict(receipt),
            email_index=None,
            phone_index=None,
            zendesk_user_id=None,
        )
    )


def _request(row: Row[Any]) -> Request:
    told = row._mapping
    return Request(
        told["request_id"],
        told["kind"],
        told["subject"],
        Names(told["email_index"], told["phone_index"], told["zendesk_user_id"]),
        told["state"],
        told["asked_by"],
        told["asked_at"],
        told["due_at"],
        told["approved_by"],
        told["ended_at"],
        told["receipt"],
    )
