"""What is past its clock: told, and deleted batch by batch. What a hold keeps stays.

Each transaction asks the holds anew, and none is placed before it ends.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Table, text

from warehouse import holds, keys, upstream
from warehouse.retention import Clock, fact_tables
from warehouse.sessions import Sessions
from warehouse.tables import metadata
from warehouse.tables.zendesk import calls, recordings, tickets

TICKETS_AT_ONCE = 1_000
EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
NO_TICKET = (
    "r.changed_at < :cutoff"
    " and not exists (select from zendesk.tickets as t where r.ticket_id = t.id)"
    " and r.ticket_id not in (select h.ticket_id from app.held_tickets as h)"
)
# What belongs to no one ticket: it goes when nothing refers to it any more, or when it is older
# than what it was made of. In this order: identities go with the last of their users.
REST = {
    "zendesk.users": """
        r.changed_at < :cutoff
        and not exists (select from zendesk.tickets as t where r.id = t.requester_id)
        and not exists (select from zendesk.tickets as t where r.id = t.submitter_id)
        and not exists (select from zendesk.tickets as t where r.id = t.assignee_id)
        and not exists (select from zendesk.comments as c where r.id = c.author_id)
        and r.role = 'end-user' and r.id not in (select h.user_id from app.held_users as h)
    """,
    "zendesk.user_identities": """
        not exists (select from zendesk.users as u where r.user_id = u.id)
        and r.user_id not in (select h.user_id from app.held_users as h)
    """,
    "zendesk.organizations": """
        r.changed_at < :cutoff and not exists (
            select from zendesk.tickets as t where r.id = t.organization_id
        )
    """,
    # a call without a ticket is measured too before it goes
    "zendesk.calls": """
        r.changed_at < :kept_at
        and not exists (select from zendesk.tickets as t where r.ticket_id = t.id)
        and r.id not in (select h.call_id from app.held_calls as h)
    """,
    "zendesk.call_legs": """
        r.changed_at < :cutoff and not exists (
            select from zendesk.calls as c where r.call_id = c.id
        )
    """,
    # the audio's clock has ended with its content: what is left is a row without a ticket
    "zendesk.recordings": f"{NO_TICKET} and r.reason is distinct from '{upstream.AGAIN}'",
    # means of passages' vectors: searches are right without them, and embedding makes them anew
    "ai.passage_cells": "r.made_at < :cutoff",
}


class Past(NamedTuple):
    """What of a table is past its clock, and what of that is held, as conditions.

    `table` is named `r` in them; `instant` is what the clock counts from.
    """

    kind: str
    table: str
    past: str
    held: str
    instant: str | None


def content_tables() -> list[Table]:
    """The tables of content, quarantine too."""
    return [table for table in metadata.sorted_tables if table.info["class"] == "content"]


def contents(connection: Connection) -> list[Past]:
    """What is past its clock of the tables whose days are dropped."""
    return [
        Past(
            "quarantine" if table.name == "quarantine" else "content",
            table.fullname,
            "r.changed_at < :cutoff",
            holds.held_rows(connection, table.fullname),
            "r.changed_at",
        )
        for table in content_tables()
    ]


def skeletons(connection: Connection) -> list[Past]:
    """What is past its clock of tickets, of what hangs on none, and of facts."""
    held = "r.id in (select h.ticket_id from app.held_tickets as h)"
    last = "greatest(r.updated_at, r.changed_at)"
    found = [Past("skeleton", "zendesk.tickets", is_past(connection), held, last)]
    found += [Past("skeleton", name, past, "false", None) for name, past in _rest()]
    found += [Past("facts", name, past, "false", None) for name, past in _facts(connection)]
    return found


def _facts(connection: Connection) -> Iterator[tuple[str, str]]:
    """(table, what of it goes): facts of what is gone, which end with it."""
    for name in fact_tables(connection):
        gone = "not exists (select from zendesk.tickets as t where r.ticket_id = t.id)"
        if name == "fct_call":
            gone = "not exists (select from zendesk.calls as c where r.call_id = c.id)"
        yield f"metrics.{name}", f"r.metric_day < :day and {gone}"


def _rest() -> Iterator[tuple[str, str]]:
    """(table, what of it goes) of what belongs to no ticket, or to one that is gone."""
    for table in metadata.sorted_tables:
        carries = table.info["class"] == "skeleton" and "ticket_id" in table.columns
        if carries and table not in (calls, recordings):
            yield table.fullname, NO_TICKET
    yield from REST.items()


def purge_content(sessions: Sessions, org_id: UUID, at: Clock) -> None:
    """Deletes content past the clock, table by table.

    Needed where an organization's clock is shorter than the longest one, where a hold keeps a
    day, and for the hours of the day that the clock has reached. Whole days that are past
    everyone's clock were dropped as partitions.
    """
    for table in content_tables():
        with sessions() as connection:
            holds.lock(connection, org_id)
            held = holds.held_rows(connection, table.fullname)
            connection.execute(
                text(f"""
                    delete from {table.fullname}
                    where changed_at < :cutoff and ({held}) is not true
                """),
                {"cutoff": at.cutoff},
            )


def purge_tickets(sessions: Sessions, org_id: UUID, at: Clock) -> Iterator[tuple[str, int]]:
    """Deletes the tickets past the clock with all that carries their ids: (table, rows).

    Each batch is one transaction: killed in between, no ticket is left in part.
    """
    after = (EARLIEST, 0)
    while True:
        with sessions() as connection:
            holds.lock(connection, org_id)
            batch = _next_tickets(connection, at, after)
            ids = [key for _, key in batch]
            ending = sorted(set(ids) - holds.held_tickets(connection, ids))
            deleted = list(_delete_tickets(connection, ending)) if ending else []
        if not batch:
            return
        after = batch[-1]
        yield from deleted


def purge_rest(sessions: Sessions, org_id: UUID, at: Clock) -> Iterator[tuple[str, int]]:
    """Deletes what no ticket needs any more: (table, rows)."""
    with sessions() as connection:
        facts = list(_facts(connection))
    for name, past in [*_rest(), *facts]:
        with sessions() as connection:
            holds.lock(connection, org_id)
            done = connection.execute(text(f"delete from {name} as r where {past}"), _instants(at))
        if done.rowcount:
            yield name, done.rowcount


def destroy_keys(
    sessions: Sessions, org_id: UUID, at: Clock, *, damaged: Mapping[int, int] | None
) -> list[int]:
    """Destroys the keys of past weeks under which nothing lies any more; which.

    `damaged` says how many values under each key open no more anyway; None: what holds keep has
    been counted as moved, which a rehearsal does not do.
    """
    with sessions() as connection:
        holds.lock(connection, org_id)
        used = {} if damaged is None else holds.keys_in_use(connection, at.cutoff)
        spared = [key for key, values in used.items() if values > (damaged or {}).get(key, 0)]
        # a week's key ends when the last of its days is past
        ends = at.cutoff.date()
        return keys.destroy_past(connection, ends=ends, spared=spared)


def purge_audit(sessions: Sessions, as_of: datetime) -> Iterator[tuple[str, int]]:
    """Deletes the organization's own audit rows of days past its clock: (table, rows)."""
    with sessions() as connection:
        asked = text("select table_name, rows from app.purge_audit(:as_of)")
        for name, rows in connection.execute(asked, {"as_of": as_of}).all():
            if rows:
                yield name, rows


def audit_kept_from(connection: Connection, as_of: datetime) -> datetime:
    """The instant from which on the organization's audit trail is kept."""
    asked = text("""
        select app.audit_kept_from(:as_of, o.audit_retention_days)::timestamp at time zone 'UTC'
        from app.organizations as o
    """)
    kept_from: datetime = connection.execute(asked, {"as_of": as_of}).scalar_one()
    return kept_from


def is_past(connection: Connection) -> str:
    """Whether a ticket `r` is past the clock, and all that it counts on lies on sealed days.

    A promise may be broken days after anyone last touched its ticket.
    """
    facts = "".join(
        f" and not exists (select from metrics.{name} as f"
        " where f.ticket_id = r.id and f.metric_day >= :day)"
        for name in fact_tables(connection)
    )
    return f"r.updated_at < :kept_at and r.changed_at < :kept_at{facts}"


def _instants(at: Clock) -> dict[str, object]:
    return {"cutoff": at.cutoff, "kept_at": at.first_kept_at, "day": at.first_kept_day}


def _next_tickets(
    connection: Connection, at: Clock, after: tuple[datetime, int]
) -> list[tuple[datetime, int]]:
    """(last update, id) of the next tickets past the clock, held ones among them."""
    asked = text(f"""
        select r.updated_at, r.id from zendesk.tickets as r
        where {is_past(connection)} and (r.updated_at, r.id) > (:after_at, :after_id)
        order by r.updated_at, r.id limit :batch
    """)
    told = {"after_at": after[0], "after_id": after[1], "batch": TICKETS_AT_ONCE}
    rows = connection.execute(asked, {**_instants(at), **told})
    return [(row.updated_at, row.id) for row in rows]


def _delete_tickets(connection: Connection, batch: list[int]) -> Iterator[tuple[str, int]]:
    for table in metadata.sorted_tables:
        if "ticket_id" in table.columns:
            statement = f"delete from {table.fullname} where ticket_id = any(:ids)"
            if table is recordings:
                statement += f" and reason is distinct from '{upstream.AGAIN}'"
            yield table.fullname, connection.execute(text(statement), {"ids": batch}).rowcount
    for name in fact_tables(connection):
        statement = f"delete from metrics.{name} where ticket_id = any(:ids)"
        yield f"metrics.{name}", connection.execute(text(statement), {"ids": batch}).rowcount
    connection.execute(text(f"delete from {tickets} where id = any(:ids)"), {"ids": batch})
    yield tickets.fullname, len(batch)
