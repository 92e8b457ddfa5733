-- Grain: one row an organization, day (in its time zone), group, channel, brand, priority and kind
-- of survey.
{{ config(
    materialized='daily',
    unique_key=[
        'org_id', 'metric_day', 'group_id', 'channel', 'brand_id', 'priority', 'survey_type'
    ]
) }}
with days as (
    select * from {{ ref('int_open_days') }}
    where is_changed
),

events as (
    select * from {{ ref('fct_satisfaction') }}
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
        events.survey_type,
        count(*) filter (where events.event_name = 'offered') as offered,
        count(*) filter (where events.is_first) as responded,
        count(*) filter (where events.answer = 'good') as good,
        count(*) filter (where events.answer = 'bad') as bad,
        coalesce(sum(events.score), 0) as score_sum
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
        events.priority,
        events.survey_type
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
    counted.survey_type,
    counted.offered::integer as offered,
    counted.responded::integer as responded,
    counted.good::integer as good,
    counted.bad::integer as bad,
    counted.score_sum,
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
