"""What the rules of escalation find, each by one query over what is open; what was told of is not.

Every function runs in the organization's tenant session.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from warehouse.alert_rules import RuleSettings

MOST = 200  # that one rule finds in one run, the worst first
MOST_VIPS = 5_000
FACTS = "metrics.fct_sla_event"


@dataclass(frozen=True, kw_only=True)
class Found:
    """One thing that a rule found. `figure` is in the rule's own measure; ticket 0 is none."""

    ticket_id: int
    figure: float
    usual: float | None = None
    due_at: datetime | None = None
    codes: Sequence[str] = ()
    document_id: str | None = None
    step_no: int | None = None
    sop_version: bytes | None = None
    model_version: str | None = None


@dataclass(frozen=True)
class Waiting:
    """An open ticket, as VIPs are looked for: `organizations` are the ticket's and its asker's."""

    ticket_id: int
    requester_id: int | None
    organizations: frozenset[str]
    open_tickets: int


# Each gives the columns of `Found`, and by what the worst is first.
NOTHING_MORE = "null::text as document_id, null::integer as step_no, null::bytea as sop_version"
OPEN = "t.status not in ('solved', 'closed', 'deleted')"
QUERIES: Mapping[str, tuple[str, str]] = {
    # what was fulfilled since the facts were built is no breach
    "sla_breach_near": (
        f"""
        select distinct on (e.ticket_id)
            e.ticket_id,
            ceil(extract(epoch from e.breached_at - :as_of) / 60)::float8 as figure,
            e.breached_at as due_at, array[e.metric] as codes, {NOTHING_MORE},
            null::text as model_version
        from {FACTS} as e
        inner join zendesk.tickets as t on e.ticket_id = t.id
        where
            {OPEN} and e.breached_at > :as_of
            and e.breached_at <= :as_of + make_interval(mins => cast(:threshold as integer))
            and e.fulfilled_at is null and e.exempted_at is null
            and not exists (
                select from zendesk.metric_events as m
                where
                    m.ticket_id = e.ticket_id and m.metric = e.metric
                    and m.instance_id = e.instance_id and m.type = 'fulfill'
                    and m.created_at >= e.applied_at
            )
        order by e.ticket_id, e.breached_at, e.metric, e.instance_id
        """,
        "figure",
    ),
    "churn": (
        f"""
        select
            a.ticket_id, a.churn_risk as figure, null::timestamptz as due_at,
            array(
                select r.code from ai.assessment_reasons as r
                where r.ticket_id = a.ticket_id and r.aspect = 'churn'
                order by r.weight desc, r.reason_no
            ) as codes,
            {NOTHING_MORE}, a.model_version
        from ai.assessments as a
        inner join zendesk.tickets as t on a.ticket_id = t.id
        where {OPEN} and a.churn_risk >= :threshold and t.updated_at >= :since
        """,
        "figure desc",
    ),
    "negative_turn": (
        f"""
        select
            s.ticket_id, s.sentiment_end as figure, null::timestamptz as due_at,
            array[]::text[] as codes, {NOTHING_MORE}, s.model_version
        from ai.ticket_scores as s
        inner join zendesk.tickets as t on s.ticket_id = t.id
        where
            {OPEN} and s.model_version = :sentiment and s.sentiment_end <= :threshold
            and s.sentiment_change < 0 and t.updated_at >= :since
        """,
        "figure",
    ),
    # also where the ticket is solved: what was not done is not done
    "sop_critical_failure": (
        """
        select distinct on (c.ticket_id)
            c.ticket_id, c.confidence as figure, null::timestamptz as due_at,
            array[c.reason] as codes, c.document_id, c.step_no, c.sop_version, c.model_version
        from ai.sop_checks as c
        inner join zendesk.tickets as t on c.ticket_id = t.id
        inner join knowledge.documents as d on c.document_id = d.document_id
        where
            c.model_version = :judge and c.verdict = 'not_met' and c.confidence >= :threshold
            and c.sop_version = d.version and d.kind = 'sop'
            and t.status not in ('closed', 'deleted') and t.updated_at >= :since
        order by c.ticket_id, c.confidence desc, c.step_no, c.document_id
        """,
        "figure desc",
    ),
    # the latest open one stands for all of them
    "repeated_contact": (
        f"""
        with contacts as (
            select t.requester_id, count(*)::float8 as figure
            from zendesk.tickets as t
            where
                t.created_at >= :since and t.requester_id is not null
                and t.status is distinct from 'deleted' and t.merged_into_id is null
            group by t.requester_id having count(*) >= :threshold
        )
        select distinct on (t.requester_id)
            t.id as ticket_id, c.figure, null::timestamptz as due_at, array[]::text[] as codes,
            {NOTHING_MORE}, null::text as model_version
        from contacts as c
        inner join zendesk.tickets as t on c.requester_id = t.requester_id
        where {OPEN} and t.created_at >= :since
        order by t.requester_id, t.created_at desc, t.id desc
        """,
        "figure desc",
    ),
}
# What was told of within the cooldown, before or after, or since answered; what was a wrong call
# of a ticket (0 is none: a spike is another tomorrow); and what nobody has touched since it was
# told, unless another promise is at stake.
TOLD = """
    exists (
        select from ai.alerts as a
        where
            a.ticket_id = f.ticket_id and a.rule = :rule and (
                a.state = 'wrong' and a.ticket_id <> 0
                or abs(extract(epoch from a.found_at - :as_of)) < :cooldown
                or a.found_at <= :as_of
                and :as_of < a.answered_at + make_interval(secs => :cooldown)
                or a.found_at >= t.updated_at and a.due_at is not distinct from f.due_at
            )
    )
    or exists (
        select from ai.alerts as a where a.ticket_id = f.ticket_id and a.muted_until > :as_of
    )
"""


def find(
    connection: Connection,
    rule: RuleSettings,
    *,
    as_of: datetime,
    sentiment: str,
    judge: str,
) -> list[Found]:
    """What the rule finds and nobody was told of, the worst first, at most `MOST`.

    `sentiment` and `judge` are the versions of the models in use. Of erased people's tickets
    nothing is told.
    """
    if rule.rule == "sla_breach_near" and not _is_built(connection):
        return []
    query, worst = QUERIES[rule.rule]
    rows = connection.execute(
        text(f"""
            with f as ({query})
            select f.* from f
            inner join zendesk.tickets as t on f.ticket_id = t.id
            where t.erased_at is null and not ({TOLD})
            order by {worst}, f.ticket_id limit {MOST}
        """),
        {
            "rule": rule.rule,
            "as_of": as_of,
            "threshold": rule.threshold,
            "since": as_of - timedelta(days=rule.days or 0),
            "cooldown": rule.cooldown_hours * 3_600,
            "sentiment": sentiment,
            "judge": judge,
        },
    )
    return [Found(**row._mapping) for row in rows]


def untold(
    connection: Connection, rule: RuleSettings, found: Sequence[Found], *, as_of: datetime
) -> list[Found]:
    """Those of which nobody was told; for what no query finds. At most `MOST`."""
    rows = connection.execute(
        text(f"""
            select f.ticket_id
            from unnest(cast(:ids as bigint[])) as i (ticket_id)
            cross join lateral (select i.ticket_id, null::timestamptz as due_at) as f
            left join zendesk.tickets as t on f.ticket_id = t.id
            where t.erased_at is null and ({TOLD}) is not true
        """),
        {
            "rule": rule.rule,
            "ids": [one.ticket_id for one in found],
            "as_of": as_of,
            "cooldown": rule.cooldown_hours * 3_600,
        },
    )
    fresh = set(rows.scalars())
    return [one for one in found if one.ticket_id in fresh][:MOST]


def waiting(connection: Connection, *, since: datetime) -> list[Waiting]:
    """Open tickets with activity since then, the latest first, at most `MOST_VIPS`."""
    rows = connection.execute(
        text(f"""
            select
                t.id as ticket_id, t.requester_id,
                array_remove(array[t.organization_id, u.organization_id], null)::text[] as ids,
                count(*) over (partition by coalesce(t.requester_id, -t.id)) as open_tickets
            from zendesk.tickets as t
            left join zendesk.users as u on t.requester_id = u.id
            where {OPEN} and t.updated_at >= :since and t.erased_at is null
            order by t.updated_at desc, t.id limit {MOST_VIPS}
        """),
        {"since": since},
    )
    return [
        Waiting(row.ticket_id, row.requester_id, frozenset(row.ids), row.open_tickets)
        for row in rows
    ]


def sealed_users(
    connection: Connection, user_ids: Sequence[int]
) -> list[tuple[int, datetime, bytes]]:
    """The newest content of these users that is still here: (id, when it changed, sealed)."""
    rows = connection.execute(
        text("""
            select distinct on (user_id) user_id, changed_at, sealed
            from zendesk.user_contents where user_id = any(:ids)
            order by user_id, changed_at desc
        """),
        {"ids": list(user_ids)},
    )
    return [(row.user_id, row.changed_at, bytes(row.sealed)) for row in rows]


def counts_of_topic(
    connection: Connection, topic: str, *, as_of: datetime, days: int
) -> tuple[int, list[int | None]]:
    """Tickets about a topic in the last 24 hours, and in each 24 hours before, the latest last.

    None where the desk had no ticket yet.
    """
    rows = connection.execute(
        text("""
            with counted as (
                select
                    floor(extract(epoch from :as_of - t.created_at) / 86400)::integer as days_ago,
                    count(*) filter (where a.topic_id = :topic) as tickets
                from zendesk.tickets as t
                left join ai.assessments as a on t.id = a.ticket_id
                where t.created_at > :since and t.created_at <= :as_of
                group by 1
            )
            select
                d.days_ago,
                case
                    when d.days_ago <= (select max(days_ago) from counted)
                        then coalesce(c.tickets, 0)::integer
                end as tickets
            from generate_series(0, :days) as d (days_ago)
            left join counted as c on d.days_ago = c.days_ago
            order by d.days_ago desc
        """),
        {
            "topic": topic,
            "as_of": as_of,
            "since": as_of - timedelta(days=days + 1),
            "days": days,
        },
    )
    *former, today = [row.tickets for row in rows]
    return today or 0, former


def _is_built(connection: Connection) -> bool:
    """Whether there are facts: before the first build there are no tables."""
    found = connection.execute(text(f"select to_regclass('{FACTS}') is not null"))
    return bool(found.scalar_one())
