-- Grain: one row an organization, day (in its time zone), group, channel, brand,
-- priority, category and model.
{{ config(
    materialized='daily',
    unique_key=[
        'org_id',
        'metric_day',
        'group_id',
        'channel',
        'brand_id',
        'priority',
        'category',
        'model_version',
    ]
) }}
with days as (
    select * from {{ ref('int_open_days') }}
    where is_changed
),

facts as (
    select * from {{ ref('fct_quality') }}
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
        facts.group_id,
        facts.channel,
        facts.brand_id,
        facts.priority,
        facts.category,
        facts.model_version,
        count(*) as n,
        -- exact: a sum of floats depends on the order of its rows, and a day built again must be
        -- the same to the last digit
        sum(facts.score::numeric)::double precision as score_sum,
        count(*) filter (where facts.passed) as passed,
        count(*) filter (where not facts.passed) as failed,
        count(*) filter (where facts.is_critical_fail) as critical_fails,
        count(*) as auto_n,
        count(*) filter (where facts.is_labelled) as human_n,
        count(*) filter (where facts.is_agreed) as agreed_n
    from days
    inner join facts
        on
            days.org_id = facts.org_id
            and days.metric_day = facts.metric_day
    group by
        days.org_id,
        days.metric_day,
        days.utc_offset_minutes,
        facts.group_id,
        facts.channel,
        facts.brand_id,
        facts.priority,
        facts.category,
        facts.model_version
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
    counted.category,
    counted.model_version,
    counted.n::integer as n,
    counted.score_sum,
    counted.passed::integer as passed,
    counted.failed::integer as failed,
    counted.critical_fails::integer as critical_fails,
    counted.auto_n::integer as auto_n,
    counted.human_n::integer as human_n,
    counted.agreed_n::integer as agreed_n,
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
