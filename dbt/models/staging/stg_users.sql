-- Grain: one row a user.
select
    org_id,
    id as user_id,
    role
from {{ source('zendesk', 'users') }}
