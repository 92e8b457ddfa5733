"""The end of every clock: which rows are past it, and their deletion.

A ticket goes with everything that carries its id, and not before each day that it touched is
sealed in every metric table: a metric must never shrink because its tickets are gone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Table, func, inspect, select, text

from warehouse import keys, upstream
from warehouse.sessions import Organization, tenant_session
from warehouse.tables import metadata
from warehouse.tables.zendesk import recordings

TICKETS_AT_ONCE = 1_000
# What belongs to no one ticket: it goes when nothing refers to it any more, or when it is older
# than what it was made of.
REST = {
    "zendesk.users": """
        delete from zendesk.users as u where u.changed_at < :cutoff and not exists (
            select from zendesk.tickets as t
            where u.id in (t.requester_id, t.submitter_id, t.assignee_id)
        ) and not exists (select from zendesk.comments as c where u.id = c.author_id)
        and u.role = 'end-user'
    """,
    "zendesk.user_identities": """
        delete from zendesk.user_identities as i where not exists (
            select from zendesk.users as u where i.user_id = u.id
        )
    """,
    "zendesk.organizations": """
        delete from zendesk.organizations as o where o.changed_at < :cutoff and not exists (
            select from zendesk.tickets as t where o.id = t.organization_id
        )
    """,
    "zendesk.call_legs": """
        delete from zendesk.call_legs as l where l.changed_at < :cutoff and not exists (
            select from zendesk.calls as c where l.call_id = c.id
        )
    """,
    # the audio's clock has ended with its content: what is left is a row without a ticket
    "zendesk.recordings": f"""
        delete from zendesk.recordings as r where r.changed_at < :cutoff and not exists (
            select from zendesk.tickets as t where r.ticket_id = t.id
        ) and reason is distinct from '{upstream.AGAIN}'
    """,
    # a call without a ticket is measured too before it goes
    "zendesk.calls": "delete from zendesk.calls where changed_at < :kept_at and ticket_id is null",
    # means of passages' vectors: searches are right without them, and embedding makes them anew
    "ai.passage_cells": "delete from ai.passage_cells where made_at < :cutoff",
    "app.outbox": "delete from app.outbox where created_at < :cutoff and state <> 'pending'",
}


@dataclass(frozen=True)
class Clock:
    """Where an organization's clock stands.

    Content before `cutoff` is past it. A ticket is when its last activity lies before
    `first_kept_day` began in the organization's time zone, and that day is measured.
    """

    cutoff: datetime
    first_kept_day: date
    first_kept_at: datetime


def clock(organization: Organization, as_of: datetime) -> Clock:
    """The clock as of an instant."""
    cutoff = as_of - timedelta(days=organization.retention_days)
    zone = ZoneInfo(organization.timezone)
    day = cutoff.astimezone(zone).date()
    return Clock(cutoff, day, datetime(day.year, day.month, day.day, tzinfo=zone))


def drop_partitions(engine: Engine, as_of: datetime) -> list[str]:
    """Drops the daily partitions that lie before every organization's clock; their names."""
    with engine.begin() as connection:
        rows = connection.execute(
            text("select * from app.drop_partitions(:as_of)"), {"as_of": as_of}
        )
        return [row[0] for row in rows]


def seal_days(connection: Connection, org_id: UUID, *, before: date) -> int:
    """Seals the days before `before` in every metric table; the number of seals made.

    A day is sealed in all tables, also where it has no rows. The checksum tells later whether it
    was changed.
    """
    days = _measured_days(connection, before)
    made = 0
    for model in surviving_tables(connection):
        done = connection.execute(
            text(f"""
                insert into app.metric_day_seals (org_id, metric_day, model, checksum)
                select
                    :org_id, d.metric_day, :model,
                    md5(coalesce(string_agg(m::text, '|' order by m::text), ''))
                from unnest(cast(:days as date[])) as d (metric_day)
                left join metrics.{model} as m on d.metric_day = m.metric_day
                where not exists (
                    select from app.metric_day_seals as s
                    where s.metric_day = d.metric_day and s.model = :model
                )
                group by d.metric_day
                on conflict do nothing
            """),
            {"org_id": org_id, "model": model, "days": days},
        )
        made += done.rowcount
    return made


def count_past(connection: Connection, at: Clock) -> dict[str, int]:
    """How many rows of each kind are past the clock: what a purge would delete."""
    counts = {
        table.fullname: connection.execute(
            select(func.count()).where(table.c.changed_at < at.cutoff)
        ).scalar_one()
        for table in _content_tables()
    }
    counts["zendesk.tickets"] = connection.execute(
        text(f"select count(*) from zendesk.tickets as t where {_is_past(connection)}"),
        {"at": at.first_kept_at, "day": at.first_kept_day},
    ).scalar_one()
    return {name: count for name, count in counts.items() if count}


def purge_content(engine: Engine, org_id: UUID, at: Clock) -> Iterator[tuple[str, int]]:
    """Deletes content past the clock, table by table: (table, rows).

    Needed where an organization's clock is shorter than the longest one; whole days that are
    past everyone's are dropped as partitions.
    """
    for table in _content_tables():
        with tenant_session(engine, org_id) as connection:
            done = connection.execute(table.delete().where(table.c.changed_at < at.cutoff))
        if done.rowcount:
            yield table.fullname, done.rowcount


def purge_tickets(engine: Engine, org_id: UUID, at: Clock) -> Iterator[tuple[str, int]]:
    """Deletes the tickets past the clock with all that carries their ids: (table, rows).

    Each batch is one transaction: killed in between, no ticket is left in part.
    """
    while True:
        with tenant_session(engine, org_id) as connection:
            ids = connection.execute(
                text(f"""
                    select t.id from zendesk.tickets as t where {_is_past(connection)}
                    order by t.id limit :batch
                """),
                {
                    "at": at.first_kept_at,
                    "day": at.first_kept_day,
                    "batch": TICKETS_AT_ONCE,
                },
            ).scalars()
            batch = list(ids)
            deleted = list(_delete_tickets(connection, batch)) if batch else []
        if not batch:
            return
        yield from deleted


def purge_rest(engine: Engine, org_id: UUID, at: Clock) -> Iterator[tuple[str, int]]:
    """Deletes what no ticket needs any more, and destroys the keys of past weeks."""
    for name, statement in REST.items():
        with tenant_session(engine, org_id) as connection:
            done = connection.execute(
                text(statement), {"cutoff": at.cutoff, "kept_at": at.first_kept_at}
            )
        if done.rowcount:
            yield name, done.rowcount
    with tenant_session(engine, org_id) as connection:
        _forget_calls(connection)
    with tenant_session(engine, org_id) as connection:
        week_after = at.cutoff.date() - timedelta(days=7)
        destroyed = keys.destroy_content_keys(connection, weeks_until=week_after)
    if destroyed:
        yield "keys.org_keys", destroyed


def _forget_calls(connection: Connection) -> None:
    """Deletes the facts of calls that are gone: those without a ticket go with none."""
    if "fct_call" in fact_tables(connection):
        connection.execute(
            text("""
                delete from metrics.fct_call as f where f.ticket_id is null and not exists (
                    select from zendesk.calls as c where f.call_id = c.id
                )
            """)
        )


def _delete_tickets(connection: Connection, batch: list[int]) -> Iterator[tuple[str, int]]:
    for table in metadata.sorted_tables:
        if "ticket_id" in table.columns:
            statement = f"delete from {table.fullname} where ticket_id = any(:ids)"
            if table is recordings:
                statement += f" and reason is distinct from '{upstream.AGAIN}'"
            done = connection.execute(text(statement), {"ids": batch})
            if done.rowcount:
                yield table.fullname, done.rowcount
    for name in fact_tables(connection):
        connection.execute(
            text(f"delete from metrics.{name} where ticket_id = any(:ids)"), {"ids": batch}
        )
    connection.execute(text("delete from zendesk.tickets where id = any(:ids)"), {"ids": batch})
    yield "zendesk.tickets", len(batch)


def _is_past(connection: Connection) -> str:
    """Whether a ticket `t` is past the clock, and all that it counts on lies on sealed days.

    A promise may be broken days after anyone last touched its ticket.
    """
    facts = "".join(
        f" and not exists (select from metrics.{name} as f"
        " where f.ticket_id = t.id and f.metric_day >= :day)"
        for name in fact_tables(connection)
    )
    return f"greatest(t.updated_at, t.changed_at) < :at{facts}"


def _content_tables() -> list[Table]:
    return [table for table in metadata.sorted_tables if table.info["class"] == "content"]


def surviving_tables(connection: Connection) -> list[str]:
    """The metric tables that stay when their tickets go: each is built in `candidate` first."""
    return sorted(inspect(connection).get_table_names(schema="candidate"))


def fact_tables(connection: Connection) -> list[str]:
    """The metric tables whose rows end with their ticket."""
    inspector = inspect(connection)
    return [
        name
        for name in sorted(inspector.get_table_names(schema="metrics"))
        if any(c["name"] == "ticket_id" for c in inspector.get_columns(name, schema="metrics"))
    ]


def _measured_days(connection: Connection, before: date) -> list[date]:
    """The days before `before`, from the first that any table has, that are not sealed in all."""
    tables = surviving_tables(connection)
    if not tables:
        return []
    rows = " union ".join(f"select metric_day from metrics.{name}" for name in tables)
    days = connection.execute(
        text(f"""
            with measured as ({rows}),
            sealed as (
                select metric_day, count(*) as models from app.metric_day_seals group by metric_day
            )
            select d.metric_day::date
            from generate_series(
                (select min(metric_day) from measured)::timestamp,
                cast(:before as date) - interval '1 day', interval '1 day'
            ) as d (metric_day)
            left join sealed as s on d.metric_day::date = s.metric_day
            where coalesce(s.models, 0) < :models
            order by 1
        """),
        {"before": before, "models": len(tables)},
    )
    return list(days.scalars())
