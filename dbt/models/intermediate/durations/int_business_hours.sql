-- Grain: one row an unbroken stretch of a schedule's business hours, in real time: from before the
-- first changed ticket to a month after this build.
-- An instant is in business hours if the clock on the schedule's wall then shows one of its hours,
-- and its calendar no holiday. Nothing else is said of the days that have 23 or 25 hours.
{{ config(materialized='slice', unique_key=['org_id', 'schedule_id', 'opens_at']) }}
with versions as (
    select * from {{ ref('int_schedule_versions') }}
    where timezone is not null
),

holidays as (
    select * from {{ ref('stg_holidays') }}
),

tickets as (
    select * from {{ ref('int_changed_ticket_rows') }}
),

horizons as (
    select
        org_id,
        min(created_at) - interval '2 days' as from_at,
        greatest(max(updated_at), {{ as_of() }}) + interval '31 days' as to_at
    from tickets
    group by org_id
),

weekly as (
    select
        versions.org_id,
        versions.schedule_id,
        versions.from_at,
        range_agg(
            tsrange(
                weeks.begins_at + spans.start_time * interval '1 minute',
                weeks.begins_at + spans.end_time * interval '1 minute'
            )
        ) as hours
    from versions
    inner join horizons on versions.org_id = horizons.org_id
    cross join
        lateral generate_series(
            date_trunc('week', horizons.from_at at time zone versions.timezone) - interval '1 day',
            horizons.to_at at time zone versions.timezone,
            interval '7 days'
        ) as weeks (begins_at)
    cross join
        lateral jsonb_to_recordset(versions.intervals)
            as spans (
                start_time integer, end_time integer
            )
    where spans.start_time < spans.end_time
    group by versions.org_id, versions.schedule_id, versions.from_at
),

-- A holiday that was taken away before it came was none; one that has been stays one.
closed as (
    select
        versions.org_id,
        versions.schedule_id,
        versions.from_at,
        range_agg(
            tsrange(holidays.start_on::timestamp, holidays.end_on + interval '1 day')
        ) as hours
    from versions
    inner join holidays
        on
            versions.org_id = holidays.org_id
            and versions.schedule_id = holidays.schedule_id
    where
        holidays.valid_to is null
        or holidays.valid_to > holidays.start_on::timestamp at time zone versions.timezone
    group by versions.org_id, versions.schedule_id, versions.from_at
),

open_on_the_wall as (
    select
        weekly.org_id,
        weekly.schedule_id,
        weekly.from_at,
        unnest(weekly.hours - coalesce(closed.hours, '{}'::tsmultirange)) as span
    from weekly
    left join closed
        on
            weekly.org_id = closed.org_id
            and weekly.schedule_id = closed.schedule_id
            and weekly.from_at = closed.from_at
),

zones as (
    select distinct
        versions.org_id,
        versions.timezone,
        horizons.from_at - interval '9 days' as from_at,
        horizons.to_at + interval '9 days' as to_at
    from versions
    inner join horizons on versions.org_id = horizons.org_id
),

samples as (
    select
        zones.org_id,
        zones.timezone,
        sampling.sampled_at,
        (sampling.sampled_at at time zone zones.timezone)
        - (sampling.sampled_at at time zone 'UTC') as utc_offset
    from zones
    cross join lateral generate_series(
        zones.from_at, zones.to_at, interval '1 day'
    ) as sampling (sampled_at)
),

sampled as (
    select
        org_id,
        timezone,
        sampled_at,
        utc_offset,
        lag(sampled_at) over (partition by org_id, timezone order by sampled_at asc) as earlier_at,
        lag(utc_offset)
            over (partition by org_id, timezone order by sampled_at asc)
            as earlier_offset
    from samples
),

-- The offset before the first sample, and each later one from the minute on that it begins.
beginnings as (
    select
        org_id,
        timezone,
        utc_offset,
        '-infinity'::timestamptz as from_at
    from sampled
    where earlier_at is null
    union all
    select
        sampled.org_id,
        sampled.timezone,
        sampled.utc_offset,
        min(minutes.told_at) as from_at
    from sampled
    cross join
        lateral generate_series(
            date_trunc('minute', sampled.earlier_at), sampled.sampled_at, interval '1 minute'
        ) as minutes (told_at)
    where
        sampled.utc_offset <> sampled.earlier_offset
        and (minutes.told_at at time zone sampled.timezone)
        - (minutes.told_at at time zone 'UTC') = sampled.utc_offset
    group by sampled.org_id, sampled.timezone, sampled.utc_offset, sampled.sampled_at
),

offsets as (
    select
        org_id,
        timezone,
        utc_offset,
        tstzrange(
            from_at,
            lead(from_at, 1, 'infinity') over (
                partition by org_id, timezone order by from_at asc
            )
        ) as span
    from beginnings
),

-- An hour that the wall shows twice is real twice; one that it leaves out is not.
real_hours as (
    select
        versions.org_id,
        versions.schedule_id,
        range_agg(
            tstzrange(
                (lower(open_on_the_wall.span) - offsets.utc_offset) at time zone 'UTC',
                (upper(open_on_the_wall.span) - offsets.utc_offset) at time zone 'UTC'
            )
            * offsets.span
            * tstzrange(versions.from_at, versions.to_at)
        ) as hours
    from versions
    inner join open_on_the_wall
        on
            versions.org_id = open_on_the_wall.org_id
            and versions.schedule_id = open_on_the_wall.schedule_id
            and versions.from_at = open_on_the_wall.from_at
    inner join offsets
        on
            versions.org_id = offsets.org_id
            and versions.timezone = offsets.timezone
    group by versions.org_id, versions.schedule_id
),

stretches as (
    select
        real_hours.org_id,
        real_hours.schedule_id,
        lower(stretch.span) as opens_at,
        upper(stretch.span) as closes_at
    from real_hours
    cross join lateral unnest(real_hours.hours) as stretch (span)
)

select
    org_id,
    schedule_id,
    opens_at,
    closes_at,
    coalesce(
        sum(extract(epoch from closes_at - opens_at)) over (
            partition by org_id, schedule_id
            order by opens_at asc
            rows between unbounded preceding and 1 preceding
        ), 0
    )::double precision as seconds_before
from stretches
