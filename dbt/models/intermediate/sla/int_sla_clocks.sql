-- Grain: one row an application of a target whose instance has a clock that is known.
with applications as (
    select * from {{ ref('int_sla_applications') }}
),

endings as (
    select * from {{ ref('int_sla_endings') }}
),

spans as (
    select * from {{ ref('int_sla_spans') }}
    where is_history_whole
),

periods as (
    select * from {{ ref('int_ticket_schedules') }}
),

clocks as (
    select * from {{ ref('int_business_clocks') }}
),

run as (
    select
        applications.org_id,
        applications.ticket_id,
        applications.event_id,
        applications.target_minutes,
        applications.is_in_business_hours,
        applications.applied_at,
        spans.started_at,
        spans.ended_at,
        spans.is_paused,
        spans.calendar_minutes,
        spans.business_minutes,
        spans.business_seconds_at_start,
        -- what is left of the target when the span begins
        applications.target_minutes - case
            when applications.is_in_business_hours then spans.business_minutes_before
            else spans.calendar_minutes_before
        end as minutes_left,
        case
            when applications.is_in_business_hours then spans.business_minutes
            else spans.calendar_minutes
        end as minutes_run,
        coalesce(spans.ended_at <= endings.fulfilled_at, false) as is_before_fulfilled
    from applications
    inner join endings
        on
            applications.org_id = endings.org_id
            and applications.event_id = endings.event_id
    inner join spans
        on
            applications.org_id = spans.org_id
            and applications.ticket_id = spans.ticket_id
            and applications.metric = spans.metric
            and applications.instance_id = spans.instance_id
),

-- The spans in which the target is used up, if the clock runs past that.
crossing as (
    select * from run
    where minutes_left >= 0 and (ended_at is null or minutes_run >= minutes_left - 0.0001)
),

counted_on as (
    select
        crossing.org_id,
        crossing.event_id,
        crossing.started_at,
        crossing.ended_at,
        periods.from_at,
        periods.to_at,
        clocks.opens_at,
        clocks.closes_at,
        clocks.seconds_before,
        crossing.business_seconds_at_start
        + crossing.minutes_left * 60 - periods.seconds_carried as seconds
    from crossing
    inner join periods
        on
            crossing.org_id = periods.org_id
            and crossing.ticket_id = periods.ticket_id
    inner join clocks
        on
            periods.org_id = clocks.org_id
            and periods.schedule_id = clocks.schedule_id
    where crossing.is_in_business_hours
),

-- The first place in the schedule's hours at which the clock shows these seconds. What is used up
-- just when hours end is due then, and not when they begin again: so a millisecond less is sought.
sought as (
    select
        org_id,
        event_id,
        started_at,
        ended_at,
        from_at,
        to_at,
        opens_at,
        closes_at,
        seconds_before,
        seconds,
        width_bucket(seconds - 0.001, seconds_before) as place
    from counted_on
),

found as (
    select
        org_id,
        event_id,
        started_at,
        ended_at,
        from_at,
        to_at,
        closes_at[place] as closes_at,
        greatest(
            opens_at[place] + make_interval(secs => seconds - seconds_before[place]), started_at
        ) as crossed_at
    from sought
    where opens_at[place] is not null
),

crossed as (
    select
        org_id,
        event_id,
        ended_at,
        started_at + make_interval(secs => minutes_left * 60) as crossed_at
    from crossing
    where not is_in_business_hours
    union all
    select
        org_id,
        event_id,
        ended_at,
        least(crossed_at, greatest(closes_at, started_at)) as crossed_at
    from found
    -- beyond the last hours that are known it is not known yet
    where
        crossed_at <= greatest(closes_at, started_at) + interval '1 millisecond'
        and crossed_at >= from_at
        and crossed_at < to_at
),

first_crossed as (
    select
        org_id,
        event_id,
        min(crossed_at) as crossed_at
    from crossed
    -- a clock that stops just then has kept within the target
    where crossed_at < coalesce(ended_at, 'infinity')
    group by org_id, event_id
),

totals as (
    select
        org_id,
        ticket_id,
        event_id,
        applied_at,
        bool_and(minutes_left is not null) as is_clock_known,
        count(*) filter (where is_paused and is_before_fulfilled) as pauses,
        sum(calendar_minutes) filter (where is_before_fulfilled) as calendar_minutes,
        sum(business_minutes) filter (where is_before_fulfilled) as business_minutes
    from run
    group by org_id, ticket_id, event_id, applied_at
)

select
    totals.org_id,
    totals.ticket_id,
    totals.event_id,
    totals.is_clock_known,
    -- a shorter target that comes when it is used up already is missed at once
    case
        when first_crossed.crossed_at is not null
            then greatest(first_crossed.crossed_at, totals.applied_at)
    end as crossed_at,
    totals.pauses::integer as pauses,
    totals.calendar_minutes,
    totals.business_minutes
from totals
left join first_crossed
    on
        totals.org_id = first_crossed.org_id
        and totals.event_id = first_crossed.event_id
