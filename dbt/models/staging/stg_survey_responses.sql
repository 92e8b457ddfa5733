-- Grain: one row an answered satisfaction survey about a ticket.
select
    org_id,
    id as response_id,
    ticket_id,
    score as rating_score,
    category as rating_category,
    changed_at,
    loaded_at
from {{ source('zendesk', 'survey_responses') }}
