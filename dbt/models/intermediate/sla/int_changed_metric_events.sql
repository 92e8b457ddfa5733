-- Grain: one row a metric event of a changed ticket.
{{ config(materialized='slice', indexes=[{'columns': ['org_id', 'ticket_id']}]) }}
select
    held.org_id,
    held.event_id,
    held.ticket_id,
    held.metric,
    held.instance_id,
    held.event_type,
    held.policy_id,
    held.target_minutes,
    held.is_in_business_hours,
    held.calendar_minutes,
    held.business_minutes,
    held.is_deleted,
    held.happened_at
from {{ ref('stg_metric_events') }} as held
inner join {{ ref('int_changed_tickets') }} as changed
    on
        held.org_id = changed.org_id
        and held.ticket_id = changed.ticket_id
