-- Grain: one row a version of a holiday.
select
    org_id,
    id as holiday_id,
    valid_from,
    valid_to,
    schedule_id,
    start_on,
    end_on
from {{ source('zendesk', 'holidays') }}
