-- Grain: one row a day that may be measured: whole days inside the retention clock, and the present
-- one, that are not sealed. Of a sealed day the tickets may be gone; it never changes. The day in
-- which the clock's cutoff lies is whole no more: it keeps what earlier builds said. A backfill
-- opens one day past the clock; what stood at its end is not known any more, so it is not new.
{{ config(
    materialized='slice',
    unique_key=['org_id', 'metric_day'],
    pre_hook="{{ after([
        ref('fct_ticket_event'),
        ref('fct_sla_change'),
        ref('fct_satisfaction'),
        ref('fct_call'),
        ref('fct_agent_event'),
        ref('fct_ticket_duration'),
        ref('fct_metric_parity'),
        ref('fct_reply'),
        ref('fct_sentiment'),
        ref('fct_sop_check'),
        ref('fct_quality'),
        ref('fct_ai_coverage'),
        ref('fct_escalation'),
    ]) }}"
) }}
with organizations as (
    select * from {{ ref('stg_organizations') }}
),

runs as (
    select {{ as_of() }} as as_of
),

builds as (
    select * from {{ ref('stg_metric_builds') }}
    where build_state = 'published'
),

seals as (
    select distinct
        org_id,
        metric_day
    from {{ ref('stg_metric_day_seals') }}
),

changed_days as (
    select
        org_id,
        metric_day
    from {{ ref('stg_changed_metric_days') }}
    union
    select
        org_id,
        metric_day
    from {{ ref('int_changed_model_days') }}
),

inside as (
    select
        organizations.org_id,
        organizations.timezone,
        each_day.metric_day,
        false as is_backfilled
    from organizations
    cross join runs
    cross join lateral generate_series(
        {{ day_of("runs.as_of - make_interval(days => organizations.retention_days)") }}
        + interval '1 day',
        {{ day_of("runs.as_of") }}::timestamp,
        interval '1 day'
    ) as each_day (metric_day)
),

backfilled as (
    select
        organizations.org_id,
        organizations.timezone,
        {{ backfilled_on() }}::timestamp as metric_day,
        true as is_backfilled
    from organizations
    cross join runs
    where
        {{ backfilled_on() }}
        <= {{ day_of("runs.as_of - make_interval(days => organizations.retention_days)") }}
),

days as (
    select
        told.org_id,
        told.timezone,
        told.metric_day::date as metric_day,
        told.metric_day at time zone told.timezone as starts_at,
        (told.metric_day + interval '1 day') at time zone told.timezone as ends_at,
        told.is_backfilled
    from (
        select * from inside
        union all
        select * from backfilled
    ) as told
),

judged as (
    select
        days.org_id,
        days.metric_day,
        days.timezone,
        days.starts_at,
        days.ends_at,
        (
            extract(
                epoch from
                days.metric_day::timestamp at time zone 'UTC' - days.starts_at
            ) / 60
        )::integer as utc_offset_minutes,
        -- the day was not over when it was last published, or never was
        not days.is_backfilled
        and (builds.as_of is null or days.ends_at > least(builds.as_of, {{ as_of() }})) as is_new,
        changed_days.metric_day is not null or days.is_backfilled as has_changed
    from days
    left join builds on days.org_id = builds.org_id
    left join changed_days
        on
            days.org_id = changed_days.org_id
            and days.metric_day = changed_days.metric_day
    left join seals
        on
            days.org_id = seals.org_id
            and days.metric_day = seals.metric_day
    where seals.metric_day is null
)

select
    org_id,
    metric_day,
    timezone,
    starts_at,
    ends_at,
    utc_offset_minutes,
    is_new,
    is_new or has_changed or {{ loaded_after() }} = '-infinity' as is_changed
from judged
