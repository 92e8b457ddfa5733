-- Grain: one row an organization, day (in its time zone), metric and clock.
select
    org_id,
    metric_day,
    utc_offset_minutes,
    metric,
    clock,
    compared,
    differing,
    explained,
    largest_difference_minutes,
    largest_unexplained_minutes
from {{ ref('fct_metric_parity_daily') }}
