-- Grain: one row a ticket.
select
    org_id,
    ticket_id,
    reopens,
    replies,
    first_reply_calendar_minutes,
    first_reply_business_minutes,
    first_resolution_calendar_minutes,
    first_resolution_business_minutes,
    full_resolution_calendar_minutes,
    full_resolution_business_minutes,
    agent_wait_calendar_minutes,
    agent_wait_business_minutes,
    requester_wait_calendar_minutes,
    requester_wait_business_minutes,
    on_hold_calendar_minutes,
    on_hold_business_minutes,
    changed_at,
    loaded_at
from {{ source('zendesk', 'ticket_metrics') }}
