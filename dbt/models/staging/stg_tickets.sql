-- Grain: one row a ticket.
select
    org_id,
    id as ticket_id,
    status,
    priority,
    via_channel,
    group_id,
    brand_id,
    requester_id,
    assignee_id,
    merged_into_id,
    created_at,
    updated_at,
    deleted_at,
    loaded_at
from {{ source('zendesk', 'tickets') }}
