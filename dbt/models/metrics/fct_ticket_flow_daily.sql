-- Grain: one row an organization, day (in its time zone), group, channel, brand and priority.
{{ config(
    unique_key=['org_id', 'metric_day', 'group_id', 'channel', 'brand_id', 'priority'],
) }}
with days as (
    {{ open_days('fct_ticket_flow_daily') }}
),

events as (
    select * from {{ ref('int_ticket_flow_dimensions') }}
),

groups as (
    select * from {{ ref('stg_groups') }}
),

brands as (
    select * from {{ ref('stg_brands') }}
),

dated as (
    select
        days.org_id,
        days.metric_day,
        events.event,
        coalesce(events.group_id, 0) as group_id,
        coalesce(events.via_channel, 'none') as channel,
        coalesce(events.brand_id, 0) as brand_id,
        coalesce(events.priority, 'none') as priority
    from days
    inner join events
        on
            days.org_id = events.org_id
            and events.happened_at >= days.metric_day::timestamp at time zone days.timezone
            and events.happened_at < (days.metric_day + 1)::timestamp at time zone days.timezone
            and events.happened_at <= '{{ var("as_of") }}'::timestamptz
),

spine as (
    select distinct
        org_id,
        metric_day,
        group_id,
        channel,
        brand_id,
        priority
    from dated
    {%- if is_incremental() %}
    union
    -- what an earlier run counted and this one doesn't becomes zero
    select distinct
        this.org_id,
        this.metric_day,
        this.group_id,
        this.channel,
        this.brand_id,
        this.priority
    from {{ this }} as this
    inner join days
        on
            this.org_id = days.org_id
            and this.metric_day = days.metric_day
    {% endif %}
),

counted as (
    select
        org_id,
        metric_day,
        group_id,
        channel,
        brand_id,
        priority,
        count(*) filter (where event = 'created') as created,
        count(*) filter (where event = 'first_solved') as first_solved,
        count(*) filter (where event = 'solved') as solved,
        count(*) filter (where event = 'reopened') as reopened,
        count(*) filter (where event = 'one_touch') as one_touch,
        count(*) filter (where event = 'merged') as merged,
        count(*) filter (where event = 'deleted') as deleted,
        count(*) filter (where event = 'unreplied_at_solve') as unreplied_at_solve
    from dated
    group by org_id, metric_day, group_id, channel, brand_id, priority
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
    (
        extract(
            epoch from (
                (spine.metric_day::timestamp at time zone 'UTC')
                - (spine.metric_day::timestamp at time zone days.timezone)
            )
        ) / 60
    )::integer as utc_offset_minutes
from spine
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
