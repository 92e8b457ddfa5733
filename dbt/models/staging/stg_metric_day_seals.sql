-- Grain: one row an organization, metric table and sealed day.
select
    org_id,
    model,
    metric_day
from {{ source('app', 'metric_day_seals') }}
