-- Grain: one row an organization, day (in its time zone), group, channel, brand and priority.
{% set grain = ['org_id', 'metric_day', 'group_id', 'channel', 'brand_id', 'priority'] -%}
{{ config(unique_key=grain, indexes=[{'columns': grain, 'unique': true}]) }}
with organizations as (
    select * from {{ ref('stg_organizations') }}
),

days as (
    {{ open_days('fct_ticket_flow_daily') }}
),

events as (
    select * from {{ ref('int_ticket_flow_dimensions') }}
    where happened_at <= '{{ var("as_of") }}'::timestamptz
),

groups as (
    select * from {{ ref('stg_groups') }}
),

brands as (
    select * from {{ ref('stg_brands') }}
),

dated as (
    select
        events.org_id,
        events.event_name,
        (events.happened_at at time zone organizations.timezone)::date as metric_day,
        coalesce(events.group_id, 0) as group_id,
        coalesce(events.via_channel, 'none') as channel,
        coalesce(events.brand_id, 0) as brand_id,
        coalesce(events.priority, 'none') as priority
    from events
    inner join organizations on events.org_id = organizations.org_id
),

counted as (
    select
        org_id,
        metric_day,
        group_id,
        channel,
        brand_id,
        priority,
        count(*) filter (where event_name = 'created') as created,
        count(*) filter (where event_name = 'first_solved') as first_solved,
        count(*) filter (where event_name = 'solved') as solved,
        count(*) filter (where event_name = 'reopened') as reopened,
        count(*) filter (where event_name = 'one_touch') as one_touch,
        count(*) filter (where event_name = 'merged') as merged,
        count(*) filter (where event_name = 'deleted') as deleted,
        count(*) filter (where event_name = 'unreplied_at_solve') as unreplied_at_solve
    from dated
    group by org_id, metric_day, group_id, channel, brand_id, priority
),

-- With the keys of earlier runs: what such a run counted and this one doesn't becomes zero.
spine as (
    select
        org_id,
        metric_day,
        group_id,
        channel,
        brand_id,
        priority
    from counted
    {% if is_incremental() %}
        union
        select
            org_id,
            metric_day,
            group_id,
            channel,
            brand_id,
            priority
        from {{ this }}
    {% endif %}
)

select
    spine.org_id,
    spine.metric_day,
    spine.group_id,
    coalesce(groups.group_name, 'none') as group_name,
    spine.channel,
    spine.brand_id,
    coalesce(brands.brand_name, 'none') as brand_name,
    spine.priority,
    coalesce(counted.created, 0)::integer as created,
    coalesce(counted.first_solved, 0)::integer as first_solved,
    coalesce(counted.solved, 0)::integer as solved,
    coalesce(counted.reopened, 0)::integer as reopened,
    coalesce(counted.one_touch, 0)::integer as one_touch,
    coalesce(counted.merged, 0)::integer as merged,
    coalesce(counted.deleted, 0)::integer as deleted,
    coalesce(counted.unreplied_at_solve, 0)::integer as unreplied_at_solve,
    days.utc_offset_minutes
from spine
-- only the days that this run computes
inner join days
    on
        spine.org_id = days.org_id
        and spine.metric_day = days.metric_day
left join counted
    on
        spine.org_id = counted.org_id
        and spine.metric_day = counted.metric_day
        and spine.group_id = counted.group_id
        and spine.channel = counted.channel
        and spine.brand_id = counted.brand_id
        and spine.priority = counted.priority
left join groups
    on
        spine.org_id = groups.org_id
        and spine.group_id = groups.group_id
left join brands
    on
        spine.org_id = brands.org_id
        and spine.brand_id = brands.brand_id
