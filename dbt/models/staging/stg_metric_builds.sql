-- Grain: one row an organization and state: the build beside the published tables, and theirs.
select
    org_id,
    state as build_state,
    as_of,
    built_at
from {{ source('app', 'metric_builds') }}
