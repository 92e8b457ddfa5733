-- Grain: one row a version of a policy of service levels.
select
    org_id,
    id as policy_id,
    valid_from,
    valid_to,
    title as policy_name
from {{ source('zendesk', 'sla_policies') }}
