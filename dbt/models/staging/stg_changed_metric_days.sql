-- Grain: one row a table of facts and a day of which rows changed since the published build.
select
    org_id,
    metric_day,
    model
from {{ source('app', 'changed_metric_days') }}
