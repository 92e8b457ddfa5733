-- Grain: one row a span of time in which the clock of an instance of a metric ran. Its business
-- hours are those of each schedule while the ticket had it: a later switch restates no old day.
with events as (
    select * from {{ ref('int_changed_metric_events') }}
    where event_type in ('activate', 'pause', 'fulfill')
),

periods as (
    select * from {{ ref('int_ticket_schedules') }}
),

clocks as (
    select * from {{ ref('int_business_clocks') }}
),

followed as (
    select
        org_id,
        ticket_id,
        metric,
        instance_id,
        event_id,
        event_type,
        happened_at as started_at,
        lead(happened_at) over instances as ended_at,
        coalesce(lead(event_type) over instances = 'pause', false) as is_paused,
        first_value(event_type) over instances = 'activate' as is_history_whole
    from events
    window instances as (
        partition by org_id, ticket_id, metric, instance_id order by happened_at asc, event_id asc
    )
),

spans as (
    select
        org_id,
        ticket_id,
        metric,
        instance_id,
        row_number() over (
            partition by org_id, ticket_id, metric, instance_id
            order by started_at asc, event_id asc
        )::integer as span_no,
        started_at,
        ended_at,
        is_paused,
        is_history_whole
    from followed
    where event_type = 'activate'
),

counted as (
    select
        spans.org_id,
        spans.ticket_id,
        spans.metric,
        spans.instance_id,
        spans.span_no,
        spans.started_at,
        spans.ended_at,
        spans.is_paused,
        spans.is_history_whole,
        extract(
            epoch from spans.ended_at - spans.started_at
        )::double precision / 60 as calendar_minutes,
        first_period.seconds_carried
        + {{ business_seconds_at('first_clock', 'spans.started_at') }} as business_seconds_at_start,
        last_period.seconds_carried
        + {{ business_seconds_at('last_clock', 'spans.ended_at') }} as business_seconds_at_end
    from spans
    left join periods as first_period
        on
            spans.org_id = first_period.org_id
            and spans.ticket_id = first_period.ticket_id
            and spans.started_at >= first_period.from_at
            and spans.started_at < first_period.to_at
    left join clocks as first_clock
        on
            first_period.org_id = first_clock.org_id
            and first_period.schedule_id = first_clock.schedule_id
    left join periods as last_period
        on
            spans.org_id = last_period.org_id
            and spans.ticket_id = last_period.ticket_id
            and spans.ended_at >= last_period.from_at
            and spans.ended_at < last_period.to_at
    left join clocks as last_clock
        on
            last_period.org_id = last_clock.org_id
            and last_period.schedule_id = last_clock.schedule_id
)

select
    org_id,
    ticket_id,
    metric,
    instance_id,
    span_no,
    started_at,
    ended_at,
    is_paused,
    is_history_whole,
    calendar_minutes,
    coalesce(sum(calendar_minutes) over earlier, 0) as calendar_minutes_before,
    business_seconds_at_start,
    (business_seconds_at_end - business_seconds_at_start) / 60 as business_minutes,
    case
        when business_seconds_at_start is not null
            then coalesce(
                sum((business_seconds_at_end - business_seconds_at_start) / 60) over earlier, 0
            )
    end as business_minutes_before
from counted
window
    earlier as (
        partition by org_id, ticket_id, metric, instance_id
        order by span_no asc
        rows between unbounded preceding and 1 preceding
    )
