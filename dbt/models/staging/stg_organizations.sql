-- Grain: one row an organization.
select
    org_id,
    timezone,
    retention_days,
    agent_retention_days
from {{ source('app', 'organizations') }}
