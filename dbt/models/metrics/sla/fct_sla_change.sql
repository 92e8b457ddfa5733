-- Grain: one row each thing that happened to a target that bound a ticket.
{{ config(
    materialized='fact',
    unique_key=['org_id', 'ticket_id', 'event_id', 'change_name']
) }}
with organizations as (
    select * from {{ ref('stg_organizations') }}
),

changed_tickets as (
    select * from {{ ref('int_changed_tickets') }}
),

targets as (
    select fct_sla_event.*
    from {{ ref('fct_sla_event') }} as fct_sla_event
    inner join changed_tickets
        on
            fct_sla_event.org_id = changed_tickets.org_id
            and fct_sla_event.ticket_id = changed_tickets.ticket_id
),

changes as (
    select
        targets.org_id,
        targets.ticket_id,
        targets.event_id,
        named.change_name,
        named.happened_at,
        targets.metric,
        targets.policy_id,
        case named.change_name when 'late' then targets.overrun_minutes end as overrun_minutes
    from targets
    cross join
        lateral (
            values
            ('applied', targets.applied_at),
            ('achieved', targets.achieved_at),
            ('breached', targets.breached_at),
            ('exempt', targets.exempted_at),
            ('late', case when targets.breached_at is not null then targets.fulfilled_at end)
        ) as named (change_name, happened_at)
    where named.happened_at is not null
),

placed as (
    {{ with_dimensions('changes') }}
)

select
    placed.org_id,
    placed.ticket_id,
    placed.event_id,
    placed.change_name,
    placed.happened_at,
    {{ day_of('placed.happened_at') }} as metric_day,
    placed.metric,
    placed.policy_id,
    placed.overrun_minutes,
    placed.group_id,
    placed.channel,
    placed.brand_id,
    placed.priority
from placed
inner join organizations on placed.org_id = organizations.org_id
