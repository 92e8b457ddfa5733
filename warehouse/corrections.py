"""What people said is right of them: it wins over what their source says, until that is the same.

Every function runs in the organization's tenant session.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, delete, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert

from warehouse.tables.rights import corrections
from warehouse.tables.zendesk import users

_table = corrections.c
OF_TICKETS = text("""
    with involved as (
        select id as ticket_id, requester_id as user_id from zendesk.tickets where id = any(:ids)
        union
        select id, submitter_id from zendesk.tickets where id = any(:ids)
        union
        select id, assignee_id from zendesk.tickets where id = any(:ids)
        union
        select ticket_id, author_id from zendesk.comments where ticket_id = any(:ids)
        union
        select ticket_id, customer_id from zendesk.calls where ticket_id = any(:ids)
    )
    select i.ticket_id, c.user_id, c.field, c.sealed
    from app.corrections as c
    inner join involved as i on c.user_id = i.user_id
    order by i.ticket_id, c.user_id, c.field
""")


@dataclass(frozen=True, repr=False)
class Correction:
    """One field of one person. `value_index` finds them by it, where it is an address."""

    user_id: int
    field: str
    sealed: bytes
    value_hash: bytes
    value_index: bytes | None


@dataclass(frozen=True, repr=False)
class SealedField:
    """A corrected field, sealed."""

    user_id: int
    field: str
    sealed: bytes


def put(connection: Connection, org_id: UUID, one: Correction, *, request_id: UUID) -> None:
    """Stores a correction in place of an earlier one of the same field."""
    values = {
        "sealed": one.sealed,
        "value_hash": one.value_hash,
        "value_index": one.value_index,
        "request_id": request_id,
    }
    statement = insert(corrections).values(
        org_id=org_id, user_id=one.user_id, field=one.field, **values
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["org_id", "user_id", "field"],
            set_={**values, "made_at": func.clock_timestamp()},
        )
    )


def hashes(connection: Connection, user_ids: Collection[int]) -> dict[tuple[int, str], bytes]:
    """The keyed hashes of what is corrected of these users, by user and field."""
    found = connection.execute(
        select(_table.user_id, _table.field, _table.value_hash).where(_table.user_id.in_(user_ids))
    )
    return {(row.user_id, row.field): bytes(row.value_hash) for row in found}


def exist(connection: Connection) -> bool:
    """Whether anything is corrected at all."""
    return connection.execute(select(_table.user_id).limit(1)).first() is not None


def end(connection: Connection, agreed: Sequence[tuple[int, str]]) -> int:
    """Ends corrections that their source agrees with; how many."""
    done = connection.execute(
        delete(corrections).where(tuple_(_table.user_id, _table.field).in_(agreed))
    )
    return done.rowcount


def end_of_gone(connection: Connection) -> int:
    """Ends the corrections of users who are here no longer; how many."""
    present = (
        select(users.c.id)
        .where(users.c.id == _table.user_id, users.c.active.is_distinct_from(False))
        .exists()
    )
    return connection.execute(delete(corrections).where(~present)).rowcount


def of_users(connection: Connection, user_ids: Collection[int]) -> list[SealedField]:
    """What is corrected of these users."""
    found = connection.execute(
        select(_table.user_id, _table.field, _table.sealed)
        .where(_table.user_id.in_(user_ids))
        .order_by(_table.user_id, _table.field)
    )
    return [SealedField(row.user_id, row.field, bytes(row.sealed)) for row in found]


def of_tickets(connection: Connection, ticket_ids: Sequence[int]) -> list[tuple[int, SealedField]]:
    """What is corrected of the people in these tickets, by ticket."""
    found = connection.execute(OF_TICKETS, {"ids": list(ticket_ids)})
    return [
        (row.ticket_id, SealedField(row.user_id, row.field, bytes(row.sealed))) for row in found
    ]
