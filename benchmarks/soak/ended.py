"""What is past its clock and still there, and what is not as it was sealed, after a night.

Counted anew, by SQL of this page's own over every tenant's rows: not by what retention itself asks.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.soak.night import FIGURES, Connection, count_of, fact_tables
from benchmarks.soak.stage import Stage
from tasks.audit_checking import check_audit
from tasks.inventory import read_inventory
from tasks.resources import opened
from warehouse.clocks import Clocks
from warehouse.sessions import Organization

STAMP = "%Y%m%dT%H%M%SZ"
ELSEWHERE_DAYS = 30  # pages of gates and Prefect's runs, of any organization
# Clocks that end nothing here, each for its reason: the organization stays, sums and proofs do, and
# of the rest nothing is at hand: no store of recordings, nobody else's servers.
STAYING = {
    "organization", "sums", "proof", "document", "replaced", "recycled", "elsewhere", "nothing",
    "objects",
}  # fmt: skip
# Nobody asks for anything of this kind in a soak: there are no rows at all.
UNASKED = {"archive", "corrected", "held", "minutes"}
LAST_ACTIVITY = """
    greatest(r.updated_at, r.changed_at) < %(kept_at)s and not exists (
        select from ({facts}) as f where f.org_id = r.org_id and f.ticket_id = r.id
    )
"""
TICKETLESS = """
    r.changed_at < %(kept_at)s and not exists (
        select from zendesk.tickets as t where t.org_id = r.org_id and t.id = r.ticket_id
    )
"""
UNNEEDED = {
    "zendesk.users": """
        r.role = 'end-user' and r.changed_at < %(cutoff)s
        and not exists (
            select from zendesk.tickets as t
            where t.org_id = r.org_id and r.id in (t.requester_id, t.submitter_id, t.assignee_id)
        )
        and not exists (
            select from zendesk.comments as c where c.org_id = r.org_id and c.author_id = r.id
        )
    """,
    "zendesk.user_identities": """
        not exists (select from zendesk.users as u where u.org_id = r.org_id and u.id = r.user_id)
    """,
    "zendesk.organizations": """
        r.changed_at < %(cutoff)s and not exists (
            select from zendesk.tickets as t
            where t.org_id = r.org_id and t.organization_id = r.id
        )
    """,
    "zendesk.call_legs": """
        r.changed_at < %(cutoff)s and not exists (
            select from zendesk.calls as c where c.org_id = r.org_id and c.id = r.call_id
        )
    """,
    "ai.passage_cells": "r.made_at < %(cutoff)s",
}
OVERLAPS = """
    select count(*) from app.runs as a inner join app.runs as b
        on a.org_id = b.org_id and a.run_id < b.run_id
        and a.started_at < coalesce(b.ended_at, 'infinity')
        and b.started_at < coalesce(a.ended_at, 'infinity')
"""
PARTITIONS = """
    select count(*) from pg_class as c
    inner join pg_inherits as i on c.oid = i.inhrelid
    inner join pg_class as p on i.inhparent = p.oid
    where c.relkind = 'r' and c.relname ~ '_p[0-9]{8}$'
        and to_date(right(c.relname, 8), 'YYYYMMDD')
        < case p.relnamespace when 'audit'::regnamespace then %(audit)s else %(content)s end
"""
UNSEALED = """
    select count(*) from (
        select distinct r.metric_day from {table} as r
        where r.org_id = %(org_id)s and r.metric_day < %(day)s
    ) as d
    where not exists (
        select from app.metric_day_seals as s
        where s.org_id = %(org_id)s and s.model = %(model)s and s.metric_day = d.metric_day
    )
"""
# Each metric table of days is built there first; facts are not.
SUMS = "select tablename from pg_tables where schemaname = 'candidate' order by 1"
SEALS = "select org_id::text, model, metric_day, checksum from app.metric_day_seals"
CONTENT = """
    select md5(coalesce(string_agg(m::text, '|' order by m::text), '')) from {table} as m
    where m.org_id = %s and m.metric_day = %s
"""
GONE_FACTS = """
    r.metric_day < %(day)s and r.ticket_id is not null and not exists (
        select from zendesk.tickets as t where t.org_id = r.org_id and t.id = r.ticket_id
    )
"""
KEYS = "r.week is not null and r.state <> 'destroyed' and r.week < %(week)s"
BUILDS = """
    select table_schema || '.' || table_name from information_schema.columns
    where table_schema in ('candidate', 'intermediate') and column_name = 'org_id'
        and table_name in (
            select c.relname from pg_class as c
            inner join pg_namespace as n on c.relnamespace = n.oid
            where n.nspname in ('candidate', 'intermediate') and c.relkind = 'r'
        )
"""
RUNS = {
    "runs that overlap": OVERLAPS,
    "runs that did not complete": "select count(*) from app.runs where state <> 'completed'",
    "stages that failed": "select count(*) from app.run_stages where state <> 'completed'",
    "records that could not be read": "select count(*) from app.quarantine",
}
Seals = dict[tuple[str, str, date], str]


class Nights:
    """What was sealed in the nights so far."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._sealed: Seals = {}

    def faults(self, connection: Connection, began: datetime, *, whole: bool) -> list[str]:
        """What does not hold after the retention that began at this instant, in words.

        `whole`: what every sealed day holds is read again, not that of the new ones only.
        """
        return [
            *past(self._stage.organizations, self._stage.clocks, connection, began),
            *_elsewhere(self._stage.home, began),
            *self._seals(connection, began, whole=whole),
            *_runs(self._stage, connection),
        ]

    def _seals(self, connection: Connection, began: datetime, *, whole: bool) -> Iterator[str]:
        now: Seals = {(o, m, d): c for o, m, d, c in connection.execute(SEALS)}
        for place, checksum in self._sealed.items():
            if now.get(place) != checksum and f"metrics.{place[1]}" != FIGURES:
                yield f"a seal was changed: {place[1]} of {place[2]}"
        for org_id, model, day in now if whole else now.keys() - self._sealed.keys():
            asked = CONTENT.format(table=f"metrics.{model}")
            (content,) = connection.execute(asked, [org_id, day]).fetchone() or ("",)
            if content != now[org_id, model, day]:
                yield f"not as it was sealed: {model} of {day}"
        self._sealed = now
        for one in self._stage.organizations:
            for (model,) in connection.execute(SUMS).fetchall():
                asked = UNSEALED.format(table=f"metrics.{model}")
                day = _kept_day(one, began, self._stage.clocks.content_days)
                told = {"org_id": one.org_id, "model": model, "day": day}
                if count := count_of(connection, asked, told):
                    yield f"not sealed: {count} days of {model} of {one.slug}"


def past(
    organizations: Sequence[Organization], clocks: Clocks, connection: Connection, began: datetime
) -> Iterator[str]:
    """What was past its clock at this instant, table by table, of each; partitions of them all."""
    facts = fact_tables(connection)
    conditions = [
        *_of_content(),
        *_of_tickets(connection, facts),
        *((name, "ticket", GONE_FACTS) for name in facts),
        *((name, "unneeded", past) for name, past in UNNEEDED.items()),
        *_of_the_rest(connection),
    ]
    _check_clocks({clock for _, clock, _ in conditions})
    for one in organizations:
        told = _instants(one, clocks, began)
        for name, _, past in conditions:
            asked = f"select count(*) from {name} as r where r.org_id = %(org_id)s and {past}"
            if count := count_of(connection, asked, told):
                yield f"past its clock: {count} of {name} of {one.slug}"
    content, audit = (
        (began - timedelta(days=days)).date() for days in (clocks.content_days, clocks.audit_days)
    )
    if count := count_of(connection, PARTITIONS, {"content": content, "audit": audit}):
        yield f"past their clock: {count} partitions"


def _check_clocks(asked: set[str]) -> None:
    """Raises: RuntimeError where the inventory has a clock that nothing here looks at."""
    unknown = read_inventory().clocks.keys() - asked - STAYING - {"pages", "runs"}
    if unknown:
        raise RuntimeError(f"clocks that the soak does not know: {', '.join(sorted(unknown))}")


def _tables(*clocks: str) -> Iterator[tuple[str, str]]:
    """(table, clock) of the inventory's tables with one of these clocks."""
    for group in read_inventory().tables:
        if group.clock in clocks:
            yield from ((table, group.clock) for table in group.tables)


def _of_content() -> Iterator[tuple[str, str, str]]:
    for name, clock in _tables("content"):
        yield name, clock, "r.changed_at < %(cutoff)s"


def _of_tickets(connection: Connection, facts: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Tickets whose last activity is past, all of whose days are sealed; what hangs on none."""
    late = " union all ".join(
        f"select org_id, ticket_id from {name} where metric_day >= %(day)s" for name in facts
    )
    for name, clock in _tables("ticket"):
        is_ticket = name == "zendesk.tickets"
        yield name, clock, LAST_ACTIVITY.format(facts=late) if is_ticket else TICKETLESS


def _of_the_rest(connection: Connection) -> Iterator[tuple[str, str, str]]:
    yield "app.outbox", "message", "r.created_at < %(cutoff)s"
    yield "audit.events", "audit", "r.happened_at < %(audit_from)s"
    yield "audit.outbound", "audit", "r.sent_at < %(audit_from)s"
    yield FIGURES, "agents", "r.metric_day < %(agents_from)s"
    yield "keys.org_keys", "key", KEYS
    for name, clock in _tables(*UNASKED):
        yield name, clock, "true"
    candidates = connection.execute(BUILDS)
    yield from ((name, "build", "true") for (name,) in candidates)


def _instants(one: Organization, clocks: Clocks, began: datetime) -> dict[str, object]:
    cutoff = began - timedelta(days=clocks.content_days)
    audit = began - timedelta(days=clocks.audit_days)
    day = _kept_day(one, began, clocks.content_days)
    return {
        "org_id": one.org_id,
        "cutoff": cutoff,
        "day": day,
        "kept_at": datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(one.timezone)),
        "audit_from": datetime(audit.year, audit.month, audit.day, tzinfo=UTC),
        "agents_from": _kept_day(one, began, clocks.agent_days),
        "week": cutoff.date() - timedelta(days=7),
    }


def _kept_day(one: Organization, began: datetime, days: int) -> date:
    """The first of the days that are kept, by the organization's own clock on the wall."""
    return (began - timedelta(days=days)).astimezone(ZoneInfo(one.timezone)).date()


def _elsewhere(home: Path, began: datetime) -> Iterator[str]:
    """Pages of gates and Prefect's runs, which a day more is given: the next one ends them."""
    before = began - timedelta(days=ELSEWHERE_DAYS + 1)
    pages = [one for one in (home / "gates").rglob("*.json") if one.name < f"{before:{STAMP}}"]
    if pages:
        yield f"past their clock: {len(pages)} pages of gates"
    told = f"file:{home / 'prefect' / 'prefect.db'}?mode=ro"
    with closing(sqlite3.connect(told, uri=True)) as database:
        asked = "select count(*) from flow_run where end_time < ?"
        (runs,) = database.execute(asked, [f"{before:%Y-%m-%d %H:%M:%S}"]).fetchone()
    if runs:
        yield f"past their clock: {runs} runs in Prefect"


def _runs(stage: Stage, connection: Connection) -> Iterator[str]:
    """Runs that failed or overlapped, what could not be read, and the audit trail's seals."""
    for what, asked in RUNS.items():
        if count := count_of(connection, asked):
            yield f"{what}: {count}"
    for one in stage.organizations:
        with opened(one.slug) as resources:
            fault = check_audit(resources, now=datetime.now(UTC)).fault
        if fault is not None:
            yield f"the audit trail of {one.slug}: {fault}"
