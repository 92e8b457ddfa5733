-- Grain: one row an organization, day (in its time zone), group, channel, brand, priority,
-- duration and clock.
{{ config(
    materialized='daily',
    unique_key=[
        'org_id', 'metric_day', 'group_id', 'channel', 'brand_id', 'priority', 'metric', 'clock',
    ]
) }}
with days as (
    select * from {{ ref('int_open_days') }}
    where is_changed
),

durations as (
    select * from {{ ref('fct_ticket_duration') }}
    where happened_at <= {{ as_of() }}
),

groups as (
    select * from {{ ref('stg_groups') }}
),

brands as (
    select * from {{ ref('stg_brands') }}
),

measured as (
    select
        days.org_id,
        days.metric_day,
        days.utc_offset_minutes,
        durations.group_id,
        durations.channel,
        durations.brand_id,
        durations.priority,
        durations.metric,
        clocks.clock,
        clocks.minutes,
        bi.bucket(clocks.minutes) as bucket
    from days
    inner join durations
        on
            days.org_id = durations.org_id
            and days.metric_day = durations.metric_day
    cross join
        lateral (
            values
            ('calendar', durations.calendar_minutes),
            ('business_cumulative', durations.business_cumulative_minutes),
            ('business_last', durations.business_last_minutes),
            ('zendesk_native', durations.zendesk_minutes)
        ) as clocks (clock, minutes)
    where clocks.minutes is not null
),

bucketed as (
    select
        org_id,
        metric_day,
        utc_offset_minutes,
        group_id,
        channel,
        brand_id,
        priority,
        metric,
        clock,
        bucket,
        count(*) as n,
        -- numeric: the same in whatever order they come
        sum(minutes::numeric) as sum_minutes
    from measured
    group by
        org_id,
        metric_day,
        utc_offset_minutes,
        group_id,
        channel,
        brand_id,
        priority,
        metric,
        clock,
        bucket
),

summed as (
    select
        org_id,
        metric_day,
        utc_offset_minutes,
        group_id,
        channel,
        brand_id,
        priority,
        metric,
        clock,
        sum(n) as n,
        sum(sum_minutes) as sum_minutes,
        bi.histogram(bucket, n order by bucket asc) as histogram
    from bucketed
    group by
        org_id,
        metric_day,
        utc_offset_minutes,
        group_id,
        channel,
        brand_id,
        priority,
        metric,
        clock
)

select
    summed.org_id,
    summed.metric_day,
    summed.group_id,
    coalesce(groups.group_name, 'none') as group_name,
    summed.channel,
    summed.brand_id,
    coalesce(brands.brand_name, 'none') as brand_name,
    summed.priority,
    summed.metric,
    summed.clock,
    summed.n::integer as n,
    summed.sum_minutes::double precision as sum_minutes,
    summed.histogram,
    summed.utc_offset_minutes
from summed
left join groups
    on
        summed.org_id = groups.org_id
        and summed.group_id = groups.group_id
left join brands
    on
        summed.org_id = brands.org_id
        and summed.brand_id = brands.brand_id
