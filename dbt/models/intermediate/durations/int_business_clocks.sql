-- Grain: one row a schedule whose time zone is known, with its business hours in arrays:
-- an instant is found in them by bisection, without a join. See `business_seconds_at`.
with versions as (
    select * from {{ ref('int_schedule_versions') }}
    where timezone is not null
),

hours as (
    select * from {{ ref('int_business_hours') }}
),

schedules as (
    select distinct
        org_id,
        schedule_id
    from versions
),

clocks as (
    select
        org_id,
        schedule_id,
        array_agg(opens_at order by opens_at asc) as opens_at,
        array_agg(closes_at order by opens_at asc) as closes_at,
        array_agg(seconds_before order by opens_at asc) as seconds_before
    from hours
    group by org_id, schedule_id
)

select
    schedules.org_id,
    schedules.schedule_id,
    -- a schedule that is never open has a clock that stands
    coalesce(clocks.opens_at, '{}'::timestamptz[]) as opens_at,
    coalesce(clocks.closes_at, '{}'::timestamptz[]) as closes_at,
    coalesce(clocks.seconds_before, '{}'::double precision[]) as seconds_before
from schedules
left join clocks
    on
        schedules.org_id = clocks.org_id
        and schedules.schedule_id = clocks.schedule_id
