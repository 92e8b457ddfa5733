-- Grain: one row an organization, day (in its time zone), group, channel, brand, priority, status
-- category and age. A snapshot at the day's end, or as of the build where the day goes on. It is
-- taken while the day is new: who is gone since was in the backlog all the same.
{{ config(
    materialized='daily',
    unique_key=[
        'org_id', 'metric_day', 'group_id', 'channel', 'brand_id', 'priority',
        'status_category', 'age_bucket',
    ]
) }}
with days as (
    select
        org_id,
        metric_day,
        timezone,
        utc_offset_minutes,
        is_new,
        least(ends_at, {{ as_of() }}) as told_at
    from {{ ref('int_open_days') }}
    where is_changed
),

periods as (
    select * from {{ ref('fct_backlog_period') }}
),

groups as (
    select * from {{ ref('stg_groups') }}
),

brands as (
    select * from {{ ref('stg_brands') }}
),

held as (
    {{ held_at_day_ends('periods', 'periods.from_at', 'periods.to_at', [
        'created_at', 'group_id', 'channel', 'brand_id', 'priority', 'status_category', 'is_assigned',
    ]) }}
),

dated as (
    select
        *,
        extract(epoch from told_at - created_at)::double precision / 60 as age_minutes
    from held
),

aged as (
    select
        org_id,
        metric_day,
        utc_offset_minutes,
        group_id,
        channel,
        brand_id,
        priority,
        status_category,
        is_assigned,
        age_minutes,
        case
            when age_minutes < 1 * 1440 then 'under 1 day'
            when age_minutes < 3 * 1440 then '1 to 3 days'
            when age_minutes < 7 * 1440 then '3 to 7 days'
            when age_minutes < 14 * 1440 then '7 to 14 days'
            when age_minutes < 30 * 1440 then '14 to 30 days'
            else 'over 30 days'
        end as age_bucket
    from dated
),

counted as (
    select
        org_id,
        metric_day,
        utc_offset_minutes,
        group_id,
        channel,
        brand_id,
        priority,
        status_category,
        age_bucket,
        count(*) as tickets,
        count(*) filter (where not is_assigned) as unassigned,
        max(age_minutes) as oldest_age_minutes
    from aged
    group by
        org_id,
        metric_day,
        utc_offset_minutes,
        group_id,
        channel,
        brand_id,
        priority,
        status_category,
        age_bucket
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
    counted.status_category,
    counted.age_bucket,
    counted.tickets::integer as tickets,
    counted.unassigned::integer as unassigned,
    counted.oldest_age_minutes,
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
{% if not is_preparing() %}
    -- days that have been told; while tables are made there may be none yet
    union all
    select
        published.org_id,
        published.metric_day,
        published.group_id,
        published.group_name,
        published.channel,
        published.brand_id,
        published.brand_name,
        published.priority,
        published.status_category,
        published.age_bucket,
        published.tickets,
        published.unassigned,
        published.oldest_age_minutes,
        published.utc_offset_minutes
    from {{ this }} as published
    inner join days
        on
            published.org_id = days.org_id
            and published.metric_day = days.metric_day
    where not days.is_new
{% endif %}
