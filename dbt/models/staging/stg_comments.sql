-- Grain: one row a comment.
select
    org_id,
    id as comment_id,
    ticket_id,
    author_id,
    author_role,
    is_public,
    created_at,
    loaded_at
from {{ source('zendesk', 'comments') }}
