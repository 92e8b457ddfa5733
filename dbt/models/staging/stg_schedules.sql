-- Grain: one row a version of a schedule of business hours.
select
    org_id,
    id as schedule_id,
    valid_from,
    valid_to,
    time_zone as zone_name,
    intervals
from {{ source('zendesk', 'schedules') }}
