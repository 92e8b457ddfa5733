"""What was measured beside what was loaded: the same counts, made in another way.

On each day that was measured, a figure summed over its table lies between two counts of rows that
the source sent. Where the two are not one, the definition of the figure leaves room that only the
models know: a change of a custom status counts by its category, a target that is said twice binds
once. Counted are days on which that is not so.
"""

from tasks.quality.expected import Expected, no_row

ZONE = "(select o.timezone from app.organizations as o)"
# Public comments of agents, the one that opens a ticket included.
AGENTS_COMMENTS = """
    select c.ticket_id, c.created_at as happened_at from zendesk.comments as c
    where c.is_public and c.author_role in ('agent', 'admin')
"""
SOLVES = """
    select e.audit_id, e.created_at as happened_at from zendesk.audit_events as e
    where
        e.field_name = 'status' and e.value in ('solved', 'closed')
        and coalesce(e.previous_value, 'new') not in ('solved', 'closed')
"""
SOLVED_BY_CUSTOM_STATUS = """
    select e.audit_id, e.created_at as happened_at from zendesk.audit_events as e
    inner join zendesk.custom_statuses as s on e.value = s.id::text
    where
        e.field_name = 'custom_status_id' and s.status_category = 'solved'
        and not exists (
            select from zendesk.audit_events as told
            where
                told.ticket_id = e.ticket_id and told.audit_id = e.audit_id
                and told.field_name = 'status'
        )
"""
APPLICATIONS = """
    select e.created_at as happened_at from zendesk.metric_events as e
    where e.type in ('apply_sla', 'apply_group_sla') and e.sla_target_minutes is not null
"""
# Of several that are said at one instant the last counts.
FIRST_APPLICATIONS = """
    select first.created_at as happened_at from (
        select distinct on (e.ticket_id, e.metric, coalesce(e.instance_id, 0), e.type)
            e.created_at, e.sla_target_minutes
        from zendesk.metric_events as e
        where e.type in ('apply_sla', 'apply_group_sla')
        order by
            e.ticket_id, e.metric, coalesce(e.instance_id, 0), e.type, e.created_at, e.id desc
    ) as first
    where first.sla_target_minutes is not null
"""
ANSWERS = """
    select c.ticket_id, c.created_at as happened_at from zendesk.audit_events as c
    where c.field_name = 'satisfaction_score' and c.value ~ '^(good|bad)'
"""
RATINGS = """
    select r.ticket_id, r.changed_at as happened_at from zendesk.satisfaction_ratings as r
    where r.score ~ '^(good|bad)'
"""
INBOUND_CALLS = """
    select c.created_at as happened_at from zendesk.calls as c where c.direction = 'inbound'
"""
NOTHING = "select null::bigint as ticket_id, null::timestamptz as happened_at where false"


def _between(
    name: str, column: str, figure: str, *, least: str, most: str, counted: str = "count(*)"
) -> Expected:
    """That the sum of `figure` on a day is at least and at most so many rows of that day."""
    query = f"""
        with days as (
            select metric_day from intermediate.int_open_days where is_changed
        ),
        measured as (
            select metric_day, sum({figure}) as n from {{batch}} group by metric_day
        ),
        least as ({_daily(least, counted)}),
        most as ({_daily(most, counted)})
        select 1
        from days
        full join measured using (metric_day)
        left join least using (metric_day)
        left join most using (metric_day)
        where
            coalesce(measured.n, 0) < coalesce(least.n, 0)
            or coalesce(measured.n, 0) > coalesce(most.n, 0)
    """
    return no_row(name, column, query)


def _daily(events: str, counted: str) -> str:
    return f"""
        select (e.happened_at at time zone {ZONE})::date as metric_day, {counted} as n
        from ({events}) as e
        where e.happened_at <= '{{as_of}}'
        group by 1
    """


def _exactly(name: str, column: str, figure: str, events: str) -> Expected:
    return _between(name, column, figure, least=events, most=events)


CREATED = _exactly(
    "tickets that were created",
    "created",
    "created",
    "select t.created_at as happened_at from zendesk.tickets as t",
)
SOLVED = _between(
    "tickets that were solved",
    "solved",
    "solved",
    least=SOLVES,
    most=f"{SOLVES} union {SOLVED_BY_CUSTOM_STATUS}",
)
FIRST_REPLIES = _between(
    "tickets that an agent answered",
    "n",
    "case when metric = 'first_reply' and clock = 'calendar' then n else 0 end",
    least=NOTHING,
    most=AGENTS_COMMENTS,
    counted="count(distinct e.ticket_id)",
)
REPLIES = _between(
    "comments of agents",
    "n",
    "case when metric in ('first_reply', 'next_reply') and clock = 'calendar' then n else 0 end",
    least=NOTHING,
    most=AGENTS_COMMENTS,
)
APPLIED = _between(
    "targets that were applied",
    "applied",
    "applied",
    least=FIRST_APPLICATIONS,
    most=APPLICATIONS,
)
# Who hangs up in the menu has not asked for anyone yet, and is counted apart.
OFFERED = _exactly(
    "inbound calls",
    "offered",
    "case direction when 'inbound' then offered + abandoned_ivr else 0 end",
    INBOUND_CALLS,
)
RATED = _between(
    "classic ratings",
    "good",
    "case survey_type when 'classic' then good + bad else 0 end",
    least=f"select min(a.happened_at) as happened_at from ({ANSWERS}) as a group by a.ticket_id",
    most=f"{ANSWERS} union all {RATINGS}",
)
