-- Grain: one row each time that a target began to bind a ticket: an apply event, keyed by ticket,
-- metric and instance too.
{{ config(materialized='fact', unique_key=['org_id', 'ticket_id', 'event_id']) }}
with organizations as (
    select * from {{ ref('stg_organizations') }}
),

applications as (
    select * from {{ ref('int_sla_applications') }}
),

endings as (
    select * from {{ ref('int_sla_endings') }}
),

clocks as (
    select * from {{ ref('int_sla_clocks') }}
),

-- Present dimensions: those of the application's day are in fct_sla_change.
dimensions as (
    select * from {{ ref('int_ticket_dimensions') }}
    where to_at = 'infinity'
),

told as (
    select
        applications.org_id,
        applications.ticket_id,
        applications.event_id,
        applications.metric,
        applications.instance_id,
        applications.sla_type,
        applications.policy_id,
        applications.target_minutes,
        applications.is_in_business_hours,
        applications.applied_at,
        applications.ended_by,
        endings.fulfilled_at,
        endings.zendesk_breached_at,
        endings.merged_at,
        endings.deleted_at,
        coalesce(clocks.is_clock_known, false) as is_clock_computed,
        coalesce(clocks.pauses, 0) as pauses,
        -- Zendesk's minutes stand where our own clock cannot tell
        coalesce(
            clocks.calendar_minutes, endings.zendesk_calendar_minutes
        ) as elapsed_calendar_minutes,
        coalesce(
            clocks.business_minutes, endings.zendesk_business_minutes
        ) as elapsed_business_minutes,
        -- whichever comes first; what is not known comes never
        least(applications.ended_at, endings.merged_at, endings.deleted_at) as stopped_at,
        case
            when clocks.is_clock_known then clocks.crossed_at
            else endings.zendesk_breached_at
        end as crossed_at
    from applications
    inner join endings
        on
            applications.org_id = endings.org_id
            and applications.event_id = endings.event_id
    left join clocks
        on
            applications.org_id = clocks.org_id
            and applications.event_id = clocks.event_id
),

-- A target is missed if it was crossed before it was fulfilled, and while it bound the ticket.
judged as (
    select
        *,
        coalesce(
            crossed_at < coalesce(least(fulfilled_at, stopped_at), 'infinity'), false
        ) as is_missed
    from told
),

-- An instance is missed once: what it is promised after that is no new promise.
ranked as (
    select
        *,
        coalesce(
            bool_or(is_missed) over (
                partition by org_id, ticket_id, metric, instance_id, sla_type
                order by applied_at asc
                rows between unbounded preceding and 1 preceding
            ),
            false
        ) as was_missed_before
    from judged
),

resolved as (
    select
        *,
        case when is_missed and not was_missed_before then crossed_at end as breached_at,
        case
            when
                not is_missed
                and not was_missed_before
                and fulfilled_at < coalesce(stopped_at, 'infinity')
                then fulfilled_at
        end as achieved_at,
        case
            when was_missed_before then applied_at
            when not is_missed and not coalesce(fulfilled_at < stopped_at, fulfilled_at is not null)
                then stopped_at
        end as exempted_at
    from ranked
),

completed as (
    select
        *,
        case
            when achieved_at is not null then fulfilled_at
            when
                breached_at is not null
                and fulfilled_at < coalesce(least(merged_at, deleted_at), 'infinity')
                then fulfilled_at
        end as completed_at
    from resolved
)

select
    completed.org_id,
    completed.ticket_id,
    completed.event_id,
    completed.metric,
    completed.instance_id,
    completed.sla_type,
    coalesce(completed.policy_id, 0) as policy_id,
    completed.target_minutes,
    completed.is_in_business_hours,
    completed.applied_at,
    completed.completed_at as fulfilled_at,
    completed.achieved_at,
    completed.breached_at,
    completed.exempted_at,
    case
        when completed.was_missed_before then 'breached before'
        when completed.exempted_at = completed.merged_at then 'ticket merged'
        when completed.exempted_at = completed.deleted_at then 'ticket deleted'
        when completed.exempted_at is not null then completed.ended_by
    end as exempt_reason,
    completed.is_clock_computed,
    completed.pauses,
    case
        when completed.completed_at is not null then completed.elapsed_calendar_minutes
    end::double precision as elapsed_calendar_minutes,
    case
        when completed.completed_at is not null then completed.elapsed_business_minutes
    end::double precision as elapsed_business_minutes,
    case
        when completed.breached_at is not null and completed.completed_at is not null
            then greatest(
                case
                    when completed.is_in_business_hours then completed.elapsed_business_minutes
                    else completed.elapsed_calendar_minutes
                end - completed.target_minutes,
                0
            )
    end::double precision as overrun_minutes,
    completed.zendesk_breached_at,
    {{ day_of('completed.applied_at') }} as metric_day,
    coalesce(dimensions.group_id, 0) as group_id,
    coalesce(dimensions.via_channel, 'none') as channel,
    coalesce(dimensions.brand_id, 0) as brand_id,
    coalesce(dimensions.priority, 'none') as priority
from completed
inner join organizations on completed.org_id = organizations.org_id
left join dimensions
    on
        completed.org_id = dimensions.org_id
        and completed.ticket_id = dimensions.ticket_id
