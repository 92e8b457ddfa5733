-- Grain: one row an organization, day (in its time zone), group, channel, brand, priority, policy
-- and metric.
{{ config(
    materialized='daily',
    unique_key=[
        'org_id', 'metric_day', 'group_id', 'channel', 'brand_id', 'priority', 'policy_id', 'metric',
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

changes as (
    select * from {{ ref('fct_sla_change') }}
    where happened_at <= {{ as_of() }}
),

targets as (
    select
        *,
        coalesce(least(achieved_at, breached_at, exempted_at), 'infinity') as ended_at
    from {{ ref('fct_sla_event') }}
),

policies as (
    select distinct on (org_id, policy_id)
        org_id,
        policy_id,
        policy_name
    from {{ ref('stg_sla_policies') }}
    order by org_id asc, policy_id asc, valid_from desc
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
        changes.group_id,
        changes.channel,
        changes.brand_id,
        changes.priority,
        changes.policy_id,
        changes.metric,
        count(*) filter (where changes.change_name = 'applied') as applied,
        count(*) filter (where changes.change_name = 'achieved') as achieved,
        count(*) filter (where changes.change_name = 'breached') as breached,
        count(*) filter (where changes.change_name = 'exempt') as exempt,
        0 as active_at_end,
        coalesce(sum(changes.overrun_minutes::numeric), 0) as sum_overrun_minutes
    from days
    inner join changes
        on
            days.org_id = changes.org_id
            and days.metric_day = changes.metric_day
    group by
        days.org_id,
        days.metric_day,
        changes.group_id,
        changes.channel,
        changes.brand_id,
        changes.priority,
        changes.policy_id,
        changes.metric
),

-- A snapshot, taken only while the day is new: tickets that were promised something then may be
-- gone by now.
held as (
    {{ held_at_day_ends('targets', 'targets.applied_at', 'targets.ended_at', [
        'group_id', 'channel', 'brand_id', 'priority', 'policy_id', 'metric',
    ]) }}
),

active as (
    select
        org_id,
        metric_day,
        group_id,
        channel,
        brand_id,
        priority,
        policy_id,
        metric,
        0 as applied,
        0 as achieved,
        0 as breached,
        0 as exempt,
        count(*) as active_at_end,
        0 as sum_overrun_minutes
    from held
    group by
        org_id,
        metric_day,
        group_id,
        channel,
        brand_id,
        priority,
        policy_id,
        metric
),

published as (
    {% if is_published() %}
        select
            published.org_id,
            published.metric_day,
            published.group_id,
            published.channel,
            published.brand_id,
            published.priority,
            published.policy_id,
            published.metric,
            0 as applied,
            0 as achieved,
            0 as breached,
            0 as exempt,
            published.active_at_end,
            0 as sum_overrun_minutes
        from {{ this }} as published
        inner join days
            on
                published.org_id = days.org_id
                and published.metric_day = days.metric_day
        where not days.is_new and published.active_at_end > 0
    {% else %}
        select *
        from active
        where false
    {% endif %}
),

unioned as (
    select * from counted
    union all
    select * from active
    union all
    select * from published
),

summed as (
    select
        org_id,
        metric_day,
        group_id,
        channel,
        brand_id,
        priority,
        policy_id,
        metric,
        sum(applied) as applied,
        sum(achieved) as achieved,
        sum(breached) as breached,
        sum(exempt) as exempt,
        sum(active_at_end) as active_at_end,
        sum(sum_overrun_minutes) as sum_overrun_minutes
    from unioned
    group by
        org_id,
        metric_day,
        group_id,
        channel,
        brand_id,
        priority,
        policy_id,
        metric
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
    summed.policy_id,
    coalesce(policies.policy_name, 'none') as policy_name,
    summed.metric,
    summed.applied::integer as applied,
    summed.achieved::integer as achieved,
    summed.breached::integer as breached,
    summed.exempt::integer as exempt,
    summed.active_at_end::integer as active_at_end,
    summed.sum_overrun_minutes::double precision as sum_overrun_minutes,
    days.utc_offset_minutes
from summed
inner join days
    on
        summed.org_id = days.org_id
        and summed.metric_day = days.metric_day
left join policies
    on
        summed.org_id = policies.org_id
        and summed.policy_id = policies.policy_id
left join groups
    on
        summed.org_id = groups.org_id
        and summed.group_id = groups.group_id
left join brands
    on
        summed.org_id = brands.org_id
        and summed.brand_id = brands.brand_id
