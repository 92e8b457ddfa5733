-- Grain: one row a ticket.
select
    org_id,
    ticket_id,
    reopens,
    replies
from {{ source('zendesk', 'ticket_metrics') }}
