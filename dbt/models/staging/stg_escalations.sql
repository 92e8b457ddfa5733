-- Grain: one row a ticket and trigger that raised it.
select
    org_id,
    ticket_id,
    trigger as trigger_name,
    tier,
    raised_at,
    loaded_at
from {{ source('ai', 'escalations') }}
