-- Grain: one row an organization, day (in its time zone), agent's pseudonym and group.
{{ config(
    materialized='daily',
    unique_key=['org_id', 'metric_day', 'agent_key', 'group_id'],
    ends=true
) }}
with organizations as (
    select * from {{ ref('stg_organizations') }}
),

-- Figures of agents have a clock of their own, which may be shorter than the tickets'.
days as (
    select
        open_days.org_id,
        open_days.metric_day,
        open_days.utc_offset_minutes
    from {{ ref('int_open_days') }} as open_days
    inner join organizations on open_days.org_id = organizations.org_id
    where
        open_days.is_changed
        and open_days.ends_at + make_interval(days => organizations.agent_retention_days)
        > {{ as_of() }}
),

pseudonyms as (
    select * from {{ ref('stg_agent_pseudonyms') }}
),

groups as (
    select * from {{ ref('stg_groups') }}
),

-- How a ticket was handled is its assignee's at its first solve.
first_solves as (
    select events.*
    from days
    inner join {{ ref('fct_agent_event') }} as events
        on
            days.org_id = events.org_id
            and days.metric_day = events.metric_day
    where events.event_name = 'first_solved'
),

quality as (
    select
        first_solves.org_id,
        first_solves.metric_day,
        first_solves.happened_at,
        first_solves.agent_id,
        first_solves.group_id,
        scores.score
    from {{ ref('fct_quality') }} as scores
    inner join first_solves
        on
            scores.org_id = first_solves.org_id
            and scores.ticket_id = first_solves.ticket_id
    where scores.category = 'overall'
),

steps as (
    select
        first_solves.org_id,
        first_solves.metric_day,
        first_solves.happened_at,
        first_solves.agent_id,
        first_solves.group_id,
        checks.verdict
    from {{ ref('fct_sop_check') }} as checks
    inner join first_solves
        on
            checks.org_id = first_solves.org_id
            and checks.ticket_id = first_solves.ticket_id
    -- of what several models or versions said, the last
    where checks.is_latest and checks.verdict in ('met', 'not_met')
),

events as (
    select
        org_id,
        metric_day,
        happened_at,
        agent_id,
        group_id,
        event_name as counted_as,
        null::double precision as amount
    from {{ ref('fct_agent_event') }}
    union all
    select
        org_id,
        metric_day,
        happened_at,
        agent_id,
        group_id,
        'reply' as counted_as,
        case metric when 'first_reply' then calendar_minutes end as amount
    from {{ ref('fct_reply') }}
    union all
    select
        org_id,
        metric_day,
        happened_at,
        agent_id,
        group_id,
        answer as counted_as,
        null::double precision as amount
    from {{ ref('fct_satisfaction') }}
    where answer is not null
    union all
    select
        org_id,
        metric_day,
        started_at as happened_at,
        agent_id,
        group_id,
        'call' as counted_as,
        talk_seconds::double precision as amount
    from {{ ref('fct_call') }}
    where outcome = 'answered' and talk_seconds is not null
    union all
    select
        org_id,
        metric_day,
        happened_at,
        agent_id,
        group_id,
        'quality' as counted_as,
        score as amount
    from quality
    union all
    select
        org_id,
        metric_day,
        happened_at,
        agent_id,
        group_id,
        verdict as counted_as,
        null::double precision as amount
    from steps
),

counted as (
    select
        days.org_id,
        days.metric_day,
        days.utc_offset_minutes,
        -- someone whom the account has no more, or whose pseudonym was erased
        coalesce(pseudonyms.agent_key, 'none') as agent_key,
        events.group_id,
        count(*) filter (where events.counted_as = 'solved') as solved,
        count(*) filter (where events.counted_as = 'one_touch') as one_touch,
        count(*) filter (where events.counted_as = 'reopened') as reopened,
        count(*) filter (where events.counted_as = 'reply') as replies,
        count(events.amount) filter (where events.counted_as = 'reply') as first_reply_n,
        coalesce(
            sum(events.amount::numeric) filter (where events.counted_as = 'reply'), 0
        ) as first_reply_sum_minutes,
        count(*) filter (where events.counted_as = 'good') as csat_good,
        count(*) filter (where events.counted_as = 'bad') as csat_bad,
        count(*) filter (where events.counted_as = 'quality') as quality_n,
        coalesce(
            sum(events.amount::numeric) filter (where events.counted_as = 'quality'), 0
        ) as quality_sum,
        count(*) filter (where events.counted_as = 'met') as sop_passed,
        count(*) filter (where events.counted_as = 'not_met') as sop_failed,
        count(*) filter (where events.counted_as = 'call') as calls_handled,
        coalesce(
            sum(events.amount::numeric) filter (where events.counted_as = 'call'), 0
        ) as talk_seconds_sum
    from days
    inner join events
        on
            days.org_id = events.org_id
            and days.metric_day = events.metric_day
    left join pseudonyms
        on
            events.org_id = pseudonyms.org_id
            and events.agent_id = pseudonyms.agent_id
    where
        events.agent_id is not null
        and events.happened_at <= {{ as_of() }}
        and events.counted_as <> 'first_solved'
    group by
        days.org_id,
        days.metric_day,
        days.utc_offset_minutes,
        coalesce(pseudonyms.agent_key, 'none'),
        events.group_id
)

select
    counted.org_id,
    counted.metric_day,
    counted.agent_key,
    counted.group_id,
    coalesce(groups.group_name, 'none') as group_name,
    counted.solved::integer as solved,
    counted.one_touch::integer as one_touch,
    counted.reopened::integer as reopened,
    counted.replies::integer as replies,
    counted.first_reply_n::integer as first_reply_n,
    counted.first_reply_sum_minutes::double precision as first_reply_sum_minutes,
    counted.csat_good::integer as csat_good,
    counted.csat_bad::integer as csat_bad,
    counted.quality_n::integer as quality_n,
    counted.quality_sum::double precision as quality_sum,
    counted.sop_passed::integer as sop_passed,
    counted.sop_failed::integer as sop_failed,
    counted.calls_handled::integer as calls_handled,
    counted.talk_seconds_sum::double precision as talk_seconds_sum,
    counted.utc_offset_minutes
from counted
left join groups
    on
        counted.org_id = groups.org_id
        and counted.group_id = groups.group_id
