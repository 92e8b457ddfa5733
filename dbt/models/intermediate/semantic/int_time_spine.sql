-- Grain: one row an organization and day, of many years: what MetricFlow joins figures to, so that
-- a day without any is seen to have none. A session sees its own organization's days.
select
    organizations.org_id,
    calendar.metric_day::date as metric_day
from {{ ref('stg_organizations') }} as organizations
cross join generate_series(
    '{{ var("time_spine_from", "2010-01-01") }}'::timestamp,
    '{{ var("time_spine_until", "2050-12-31") }}'::timestamp,
    interval '1 day'
) as calendar (metric_day)
