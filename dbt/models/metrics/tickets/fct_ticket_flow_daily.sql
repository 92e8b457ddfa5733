-- Grain: one row an organization, day (in its time zone), group, channel, brand and priority.
{{ config(
    materialized='daily',
    unique_key=['org_id', 'metric_day', 'group_id', 'channel', 'brand_id', 'priority']
) }}
with days as (
    select * from {{ ref('int_open_days') }}
    where is_changed
),

events as (
    select * from {{ ref('fct_ticket_event') }}
    where happened_at <= {{ as_of() }}
),

groups as (
    select * from {{ ref('stg_groups') }}
),

brands as (
    select * from {{ ref('stg_brands') }}
),

counted as (
    select
        days.org_id,
        days.metric_day,
        days.utc_offset_minutes,
        events.group_id,
        events.channel,
        events.brand_id,
        events.priority,
        count(*) filter (where events.event_name = 'created') as created,
        count(*) filter (where events.event_name = 'first_solved') as first_solved,
        count(*) filter (where events.event_name = 'solved') as solved,
        count(*) filter (where events.event_name = 'reopened') as reopened,
        count(*) filter (where events.event_name = 'one_touch') as one_touch,
        count(*) filter (where events.event_name = 'merged') as merged,
        count(*) filter (where events.event_name = 'deleted') as deleted,
        count(*) filter (where events.event_name = 'unreplied_at_solve') as unreplied_at_solve
    from days
    inner join events
        on
            days.org_id = events.org_id
            and days.metric_day = events.metric_day
    group by
        days.org_id,
        days.metric_day,
        days.utc_offset_minutes,
        events.group_id,
        events.channel,
        events.brand_id,
        events.priority
)

select
    counted.org_id,
    counted.metric_day,
    counted.group_id,
    coalesce(groups.group_name, 'none') as group_name,
    counted.channel,
    counted.brand_id,
    coalesce(brands.brand_name, 'none') as brand_name,
    counted.priority,
    counted.created::integer as created,
    counted.first_solved::integer as first_solved,
    counted.solved::integer as solved,
    counted.reopened::integer as reopened,
    counted.one_touch::integer as one_touch,
    counted.merged::integer as merged,
    counted.deleted::integer as deleted,
    counted.unreplied_at_solve::integer as unreplied_at_solve,
    counted.utc_offset_minutes
from counted
left join groups
    on
        counted.org_id = groups.org_id
        and counted.group_id = groups.group_id
left join brands
    on
        counted.org_id = brands.org_id
        and counted.brand_id = brands.brand_id
