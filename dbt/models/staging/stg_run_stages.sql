-- Grain: one row a stage of a run.
select
    org_id,
    run_id,
    stage,
    state as stage_state,
    rows_in,
    rows_out,
    ended_at
from {{ source('app', 'run_stages') }}
