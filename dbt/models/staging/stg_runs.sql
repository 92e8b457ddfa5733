-- Grain: one row a run.
select
    org_id,
    run_id,
    as_of
from {{ source('app', 'runs') }}
