"""Tickets whose events are to be read one by one, and what tells that they are.

Every function runs in the tenant session.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, text, update

from warehouse.knowledge import forget_documents
from warehouse.loading import Rows
from warehouse.tables.knowledge import documents
from warehouse.tables.zendesk import ticket_repairs, tickets, users

ATTEMPTS = 5


@dataclass(frozen=True)
class Repair:
    """A ticket to be read again, and why."""

    ticket_id: int
    reason: str
    changed_at: datetime


def only_changed(connection: Connection, rows: Rows) -> Rows:
    """Rows of `ticket_repairs`, without those whose ticket is here as it is in the source."""
    ids, instants = rows.columns.index("ticket_id"), rows.columns.index("changed_at")
    found = connection.execute(
        select(tickets.c.id, tickets.c.changed_at).where(
            tickets.c.id.in_([row[ids] for row in rows.values])
        )
    )
    known: set[tuple[object, object]] = {(row.id, row.changed_at) for row in found}
    values = [row for row in rows.values if (row[ids], row[instants]) not in known]
    return replace(rows, values=values)


def pending_repairs(connection: Connection, limit: int) -> list[Repair]:
    """Up to `limit` tickets, by id; those that failed five times wait for `vensor doctor`."""
    c = ticket_repairs.c
    rows = connection.execute(
        select(c.ticket_id, c.reason, c.changed_at)
        .where(c.attempts < ATTEMPTS)
        .order_by(c.ticket_id)
        .limit(limit)
    )
    return [Repair(*row) for row in rows]


def repaired(connection: Connection, one: Repair) -> None:
    """Takes the ticket from the queue, unless it was queued again meanwhile."""
    connection.execute(
        delete(ticket_repairs).where(
            ticket_repairs.c.ticket_id == one.ticket_id,
            ticket_repairs.c.changed_at <= one.changed_at,
        )
    )


def postpone(connection: Connection, one: Repair) -> None:
    """Counts an attempt that failed."""
    connection.execute(
        update(ticket_repairs)
        .where(ticket_repairs.c.ticket_id == one.ticket_id)
        .values(attempts=ticket_repairs.c.attempts + 1)
    )


def missing(connection: Connection, ids: Collection[int]) -> list[int]:
    """Those of `ids` that are no tickets here."""
    found = set(connection.execute(select(tickets.c.id).where(tickets.c.id.in_(ids))).scalars())
    return sorted(set(ids) - found)


def tickets_updated_since(connection: Connection, since: datetime) -> list[int]:
    """The tickets, not deleted, that changed or were loaded since."""
    rows = connection.execute(
        select(tickets.c.id)
        .where(tickets.c.updated_at >= since, tickets.c.status != "deleted")
        .order_by(tickets.c.id)
    )
    return list(rows.scalars())


def comment_counts(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    """How many comments of each of these tickets are here."""
    rows = connection.execute(
        text("""
            select ticket_id, count(*) as found from zendesk.comments
            where ticket_id = any(:ids) group by ticket_id
        """),
        {"ids": list(ids)},
    )
    return {row.ticket_id: row.found for row in rows}


def newest_change(connection: Connection) -> datetime | None:
    """The latest change of any ticket that is here."""
    newest: datetime | None = connection.execute(select(func.max(tickets.c.updated_at))).scalar()
    return newest


def mark_deleted_tickets(connection: Connection, gone: Mapping[int, datetime]) -> int:
    """Notes which tickets were deleted, and when; how many were not known to be."""
    done = connection.execute(
        text("""
            update zendesk.tickets as t
            set
                status = 'deleted', deleted_at = g.at,
                changed_at = greatest(t.changed_at, g.at), loaded_at = clock_timestamp()
            from unnest(cast(:ids as bigint[]), cast(:at as timestamptz[])) as g (id, at)
            where t.id = g.id and t.status <> 'deleted' and t.updated_at <= g.at
        """),
        {"ids": list(gone), "at": list(gone.values())},
    )
    return done.rowcount


def mark_deleted_users(connection: Connection, ids: Sequence[int]) -> int:
    """Notes which users were deleted; how many were not known to be."""
    done = connection.execute(
        update(users)
        .where(users.c.id.in_(ids), users.c.active.is_distinct_from(False))
        .values(active=False, loaded_at=func.clock_timestamp())
    )
    return done.rowcount


def retire_articles(connection: Connection, present: Collection[str], source: str) -> int:
    """Removes the documents of a source that it has no longer, with all of theirs; how many."""
    gone = list(
        connection.execute(
            select(documents.c.document_id).where(
                documents.c.document_id.like(f"{source}/%"),
                documents.c.document_id.not_in(present),
            )
        ).scalars()
    )
    return forget_documents(connection, gone)


def stuck(connection: Connection) -> int:
    """Tickets that could not be read again for as often as is tried."""
    return int(
        connection.execute(
            select(func.count())
            .select_from(ticket_repairs)
            .where(ticket_repairs.c.attempts >= ATTEMPTS)
        ).scalar_one()
    )
