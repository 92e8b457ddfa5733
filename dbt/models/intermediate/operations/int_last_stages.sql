-- Grain: one row a stage that was ever completed, as of the newest instant that it was.
with stages as (
    select * from {{ ref('stg_run_stages') }}
    where stage_state = 'completed'
),

runs as (
    select * from {{ ref('stg_runs') }}
),

joined as (
    select
        stages.org_id,
        stages.stage,
        runs.as_of,
        stages.ended_at,
        stages.rows_in,
        stages.rows_out
    from stages
    inner join runs
        on
            stages.org_id = runs.org_id
            and stages.run_id = runs.run_id
)

select distinct on (org_id, stage)
    org_id,
    stage,
    as_of,
    ended_at,
    rows_in,
    rows_out
from joined
order by org_id asc, stage asc, as_of desc, ended_at desc
