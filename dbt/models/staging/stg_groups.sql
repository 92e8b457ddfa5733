-- Grain: one row a group of agents.
select
    org_id,
    id as group_id,
    name as group_name
from {{ source('zendesk', 'groups') }}
