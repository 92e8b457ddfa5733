-- Grain: one row a satisfaction rating, given or only offered.
select
    org_id,
    id as rating_id,
    ticket_id,
    score as rating_score,
    created_at,
    changed_at,
    loaded_at
from {{ source('zendesk', 'satisfaction_ratings') }}
