-- Grain: one row an organization, day (in its time zone), source and run.
select
    org_id,
    metric_day,
    utc_offset_minutes,
    source,
    as_of,
    max_event_at,
    max_loaded_at,
    lag_minutes,
    rows_in,
    rows_out,
    last_sealed_day
from {{ ref('fct_data_freshness') }}
