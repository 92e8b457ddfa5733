-- Grain: one row of Zendesk's own counts of a changed ticket.
{{ config(materialized='slice', indexes=[{'columns': ['org_id', 'ticket_id']}]) }}
select
    held.org_id,
    held.ticket_id,
    held.reopens,
    held.replies,
    held.first_reply_calendar_minutes,
    held.first_reply_business_minutes,
    held.first_resolution_calendar_minutes,
    held.first_resolution_business_minutes,
    held.full_resolution_calendar_minutes,
    held.full_resolution_business_minutes,
    held.agent_wait_calendar_minutes,
    held.agent_wait_business_minutes,
    held.requester_wait_calendar_minutes,
    held.requester_wait_business_minutes,
    held.on_hold_calendar_minutes,
    held.on_hold_business_minutes,
    held.changed_at
from {{ ref('stg_ticket_metrics') }} as held
inner join {{ ref('int_changed_tickets') }} as changed
    on
        held.org_id = changed.org_id
        and held.ticket_id = changed.ticket_id
