-- Grain: one row a ticket.
select
    org_id,
    ticket_id,
    reopens,
    replies,
    loaded_at
from {{ source('zendesk', 'ticket_metrics') }}
