"""What a day's build of the metric tables costs as history grows, and a build of everything.

Organizations with the same tickets a day and 1, 4 and 16 times the history: each is built whole,
then a day's changes are loaded and built, `--rounds` days one after another. Skeletons are written
by SQL: what is measured begins where loading ends. Seconds are of the whole stage: dbt's start, its
models, and the transaction that publishes.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Engine, text

from benchmarks.benchmark import Benchmark
from benchmarks.figures import Figure
from benchmarks.stage import Warehouse, warehouse
from tasks.metrics.dbt import build
from warehouse import publishing
from warehouse.sessions import engine_for, tenant_session

BEGINS_AT = datetime(2025, 1, 6, tzinfo=UTC)
LONGEST_LIFE_DAYS = 12
# Each ticket's life, by its number alone: answered within hours, some pended or held or reopened,
# solved within days, closed four days later. `told` are those that had begun by `:until`.
LIVES = """
    create temporary table lives on commit drop as
    with numbered as (
        select
            d * :per_day + n as id,
            cast(:begins_at as timestamptz) + make_interval(
                days => d, secs => n * (80000.0 / :per_day)
            ) as created_at,
            (hashint8(d * :per_day + n) & 1023) / 1024.0 as chance
        from generate_series(cast(:first as integer), cast(:last as integer)) as d
        cross join generate_series(0, :per_day - 1) as n
    )
    select
        *,
        created_at + make_interval(mins => (10 + 600 * chance)::integer) as replied_at,
        created_at + make_interval(mins => (700 + 700 * chance)::integer) as pended_at,
        created_at + make_interval(mins => (1500 + 4000 * chance)::integer) as solved_at,
        created_at + make_interval(mins => (7300 + 4000 * chance)::integer) as closed_at
    from numbered
"""
EVENTS = """
    create temporary table happened on commit drop as
    select
        id as ticket_id, 0 as no, 'status' as field, null as was, 'new' as is_now, created_at as at
    from lives
    union all select id, 1, 'group_id', null, (10 + id % 8)::text, created_at from lives
    union all select id, 2, 'status', 'new', 'open', replied_at from lives
    union all select id, 3, 'status', 'open', 'pending', pended_at from lives where chance < 0.5
    union all select
        id, 4, 'status', case when chance < 0.5 then 'pending' else 'open' end, 'solved', solved_at
    from lives
    union all select id, 5, 'priority', null, 'high', replied_at from lives where chance > 0.8
    union all select id, 6, 'status', 'solved', 'closed', closed_at from lives
"""
WINDOW = "at >= :since and at < :until"
LOADS = {
    "zendesk.audit_events": f"""
        insert into zendesk.audit_events (
            org_id, id, audit_id, ticket_id, event_type, field_name, previous_value, value,
            created_at, changed_at, loaded_at
        )
        select
            :org_id, ticket_id * 10 + no, ticket_id * 10 + no, ticket_id,
            case when was is null and no < 2 then 'Create' else 'Change' end, field, was, is_now,
            at, at, :loaded_at
        from happened where {WINDOW}
    """,
    "zendesk.comments": """
        insert into zendesk.comments (
            org_id, id, ticket_id, author_id, author_role, kind, is_public, created_at, changed_at,
            loaded_at
        )
        select
            :org_id, l.id * 10 + c.no, l.id, c.author_id, c.role, 'Comment', true, c.at, c.at,
            :loaded_at
        from lives as l
        cross join lateral (
            values
            (0, 1000 + l.id, 'end-user', l.created_at),
            (1, 1 + l.id % 40, 'agent', l.replied_at),
            (2, 1000 + l.id, 'end-user', l.replied_at + interval '40 minutes'),
            (3, 1 + l.id % 40, 'agent', l.solved_at - interval '5 minutes')
        ) as c (no, author_id, role, at)
        where c.at >= :since and c.at < :until
    """,
    "zendesk.metric_events": """
        insert into zendesk.metric_events (
            org_id, id, ticket_id, metric, instance_id, type, sla_policy_id, sla_target_minutes,
            sla_in_business_hours, created_at, changed_at, loaded_at
        )
        select
            :org_id, l.id * 10 + e.no, l.id, 'reply_time', 1, e.type, 3, e.target, false,
            e.at, e.at, :loaded_at
        from lives as l
        cross join lateral (
            values
            (0, 'activate', null, l.created_at),
            (1, 'apply_sla', 480, l.created_at + interval '1 second'),
            (2, 'fulfill', null, l.replied_at)
        ) as e (no, type, target, at)
        where e.at >= :since and e.at < :until
    """,
    "zendesk.satisfaction_ratings": """
        insert into zendesk.satisfaction_ratings (
            org_id, id, ticket_id, assignee_id, group_id, requester_id, score, created_at,
            changed_at, loaded_at
        )
        select
            :org_id, id, id, 1 + id % 40, 10 + id % 8, 1000 + id,
            case when chance < 0.1 then 'bad' when chance < 0.4 then 'good' else 'offered' end,
            solved_at + interval '1 hour', solved_at, :loaded_at
        from lives
        where solved_at + interval '1 hour' >= :since and solved_at + interval '1 hour' < :until
    """,
    "ai.turn_sentiments": """
        insert into ai.turn_sentiments (
            org_id, comment_id, turn_no, model_version, ticket_id, speaker, score, label,
            confidence, said_at, changed_at, loaded_at
        )
        select
            :org_id, id * 10, 0, 'rules 1', id, 'customer', chance * 2 - 1, 'neutral', 0.9,
            created_at, created_at, :loaded_at
        from lives where created_at >= :since and created_at < :until
    """,
    "zendesk.tickets": """
        insert into zendesk.tickets (
            org_id, id, status, priority, via_channel, group_id, assignee_id, requester_id,
            brand_id, created_at, updated_at, changed_at, loaded_at
        )
        select
            :org_id, l.id, h.is_now, case when l.chance > 0.8 then 'high' end,
            (array['email', 'web', 'chat'])[1 + l.id % 3], 10 + l.id % 8, 1 + l.id % 40,
            1000 + l.id, 5, l.created_at, m.at, m.at, :loaded_at
        from lives as l
        inner join lateral (
            select max(at) as at from happened where ticket_id = l.id and at < :until
        ) as m on m.at >= :since
        inner join lateral (
            select is_now from happened
            where ticket_id = l.id and field = 'status' and at < :until order by at desc limit 1
        ) as h on true
        on conflict (org_id, id) do update set
            status = excluded.status, updated_at = excluded.updated_at,
            changed_at = excluded.changed_at, loaded_at = excluded.loaded_at
    """,
    "zendesk.ticket_metrics": """
        insert into zendesk.ticket_metrics (
            org_id, ticket_id, reopens, replies, first_reply_calendar_minutes,
            full_resolution_calendar_minutes, changed_at, loaded_at
        )
        select
            :org_id, id, 0, (replied_at < :until)::integer + (solved_at < :until)::integer,
            extract(epoch from replied_at - created_at) / 60,
            extract(epoch from solved_at - created_at) / 60, created_at, :loaded_at
        from lives where created_at < :until and closed_at >= :since
        on conflict (org_id, ticket_id) do update set
            replies = excluded.replies, loaded_at = excluded.loaded_at
    """,
}


@dataclass(frozen=True)
class Desk:
    """An organization and the ways into its warehouse."""

    loader: Engine
    transformer: Engine
    warehouse: Warehouse
    org_id: UUID

    def load(self, first_day: int, days: int, per_day: int, *, since: int = 0) -> None:
        """Writes what happened in `days` days from `first_day` on, as if loaded a day ago."""
        until = BEGINS_AT + timedelta(days=first_day + days)
        told = {
            "org_id": self.org_id,
            "per_day": per_day,
            "begins_at": BEGINS_AT,
            "first": max(first_day - LONGEST_LIFE_DAYS, 0),
            "last": first_day + days - 1,
            "since": BEGINS_AT + timedelta(days=since),
            "until": until,
            "loaded_at": datetime.now(UTC),
        }
        with tenant_session(self.loader, self.org_id) as connection:
            for statement in (LIVES, EVENTS):
                connection.execute(text(statement), told)
            connection.execute(text("create index on happened (ticket_id, at)"))
            connection.execute(text("analyze happened"))
            for statement in LOADS.values():
                connection.execute(text(statement), told)

    def analyze(self) -> None:
        """What autovacuum would have done meanwhile."""
        self.warehouse.analyze(*LOADS)

    def build(self, day: int) -> float:
        """The seconds of a build as of the end of `day`, published."""
        as_of = BEGINS_AT + timedelta(days=day + 1) - timedelta(seconds=1)
        started = time.monotonic()
        with tenant_session(self.transformer, self.org_id) as connection:
            begun = publishing.begin(connection, as_of=as_of, definition="benchmark")
        build(
            self.warehouse.logins.transformer,
            org_id=self.org_id,
            as_of=as_of,
            loaded_after=begun.loaded_after,
            target_dir=self.warehouse.home / "dbt",
        )
        with tenant_session(self.transformer, self.org_id) as connection:
            publishing.finish(connection, self.org_id, begun)
            publishing.publish(connection, self.org_id)
        publishing.clear(self.transformer, self.org_id)
        return time.monotonic() - started

    def age(self) -> None:
        """Makes everything that is loaded older than any load may last."""
        with tenant_session(self.loader, self.org_id) as connection:
            for table in LOADS:
                connection.execute(
                    text(f"""
                        update {table} set loaded_at = loaded_at - interval '1 day'
                        where loaded_at > clock_timestamp() - interval '1 hour'
                    """)
                )


@contextmanager
def desks() -> Iterator[Callable[[str], Desk]]:
    """What begins an organization of this name, in a warehouse for the while."""
    with warehouse() as found:
        loader, transformer = engine_for(found.logins.loader), engine_for(found.logins.transformer)

        def begun(slug: str) -> Desk:
            desk = Desk(loader, transformer, found, uuid4())
            with tenant_session(loader, desk.org_id) as connection:
                connection.execute(
                    text("""
                        insert into app.organizations (org_id, slug, name, retention_days)
                        values (:org_id, :slug, 'Benchmark', 3650)
                    """),
                    {"org_id": desk.org_id, "slug": slug},
                )
            return desk

        yield begun
        loader.dispose()
        transformer.dispose()


def measure(tickets_a_day: int, days: int, times: Sequence[int], rounds: int) -> Iterator[Figure]:
    """Each history built whole, and the days after it beside those after the first."""
    first = None
    with desks() as begun:
        for history in (days * one for one in times):
            whole, day = _built(begun(f"days-{history}"), tickets_a_day, history, rounds)
            first = first or day
            of = f"{history} days, {history * tickets_a_day:,} tickets"
            yield Figure(f"{of}, built whole", whole)
            yield Figure(f"a day's build after {of}", day, "s", first, "≤ 1.5")


def _built(desk: Desk, per_day: int, days: int, rounds: int) -> tuple[float, float]:
    """Seconds of everything, then of days of the same volume, the median."""
    desk.load(0, days, per_day)
    desk.age()
    desk.analyze()
    whole, seconds = desk.build(days - 1), []
    for day in range(days, days + rounds):
        desk.load(day, 1, per_day, since=day)
        seconds.append(desk.build(day))
        desk.age()
    return whole, statistics.median(seconds)


BENCHMARK = Benchmark(
    "metrics",
    measure,
    small={"tickets_a_day": 50, "days": 30, "times": (1, 4), "rounds": 1},
    full={"tickets_a_day": 500, "days": 30, "times": (1, 4, 16), "rounds": 3},
    about=__doc__,
)

if __name__ == "__main__":
    BENCHMARK.main()
