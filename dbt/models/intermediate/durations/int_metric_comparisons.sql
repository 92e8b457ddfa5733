-- Grain: one row a changed ticket, duration and clock that we or Zendesk have measured, with why
-- they differ where that can be told from the ticket itself. Zendesk cuts off what is less than a
-- minute. `happened_at` is when the figure became final: with the first reply, the first solve,
-- or the closing; NULL before.
{% set clocks = {
    'calendar': ('calendar_minutes', 'zendesk_calendar_minutes'),
    'business_last': ('business_last_minutes', 'zendesk_business_minutes'),
} -%}
with measured as (
    select * from {{ ref('int_ticket_clocks') }}
    where metric <> 'agent_work'
),

tickets as (
    select * from {{ ref('int_changed_ticket_rows') }}
),

intervals as (
    select
        org_id,
        ticket_id,
        bool_and(is_history_whole) as is_history_whole,
        min(started_at) filter (where status = 'closed') as closed_at
    from {{ ref('int_ticket_status_intervals') }}
    group by org_id, ticket_id
),

versions as (
    select
        org_id,
        schedule_id,
        max(from_at) as redefined_at
    from {{ ref('int_schedule_versions') }}
    group by org_id, schedule_id
),

periods as (
    select
        schedules.org_id,
        schedules.ticket_id,
        count(*) as schedules,
        max(versions.redefined_at) as redefined_at
    from {{ ref('int_ticket_schedules') }} as schedules
    left join versions
        on
            schedules.org_id = versions.org_id
            and schedules.schedule_id = versions.schedule_id
    group by schedules.org_id, schedules.ticket_id
),

unpivoted as (
    {% for clock, columns in clocks.items() %}
        select
            org_id,
            ticket_id,
            metric,
            '{{ clock }}' as clock,
            ended_at,
            zendesk_changed_at,
            intervals,
            {{ columns[0] }} as computed_minutes,
            -- a time in a status of which nothing has passed is nothing to Zendesk, or nought
            coalesce(
                {{ columns[1] }},
                case when {{ columns[0] }} = 0 and intervals = 0 then 0 end
            ) as zendesk_minutes,
            zendesk_calendar_minutes,
            business_cumulative_minutes
        from measured
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

compared as (
    select
        org_id,
        ticket_id,
        metric,
        clock,
        ended_at,
        zendesk_changed_at,
        intervals,
        computed_minutes,
        zendesk_minutes,
        zendesk_calendar_minutes,
        business_cumulative_minutes,
        computed_minutes - zendesk_minutes as difference_minutes,
        computed_minutes is null
        or zendesk_minutes is null
        or abs(computed_minutes - zendesk_minutes) > 1 as is_differing
    from unpivoted
    where computed_minutes is not null or zendesk_minutes is not null
)

select
    compared.org_id,
    compared.ticket_id,
    compared.metric,
    compared.clock,
    case
        when compared.metric not in ('first_reply', 'first_resolution') then intervals.closed_at
        -- what began before all that is loaded ended when Zendesk says
        else coalesce(
            compared.ended_at,
            tickets.created_at + compared.zendesk_calendar_minutes * interval '1 minute'
        )
    end as happened_at,
    compared.computed_minutes,
    compared.zendesk_minutes,
    compared.difference_minutes,
    compared.is_differing,
    case
        when not compared.is_differing then null
        when not coalesce(intervals.is_history_whole, false) then 'history not loaded'
        when tickets.ticket_id is null then 'ticket not loaded'
        when compared.ended_at > compared.zendesk_changed_at then 'changed since Zendesk counted'
        when
            compared.clock = 'business_last'
            and compared.computed_minutes is null
            and compared.ended_at is not null
            then 'schedule not known'
        when
            compared.clock = 'business_last'
            and periods.redefined_at > tickets.created_at
            and periods.redefined_at <= compared.ended_at
            then 'schedule redefined'
        when
            compared.clock = 'business_last'
            and periods.schedules > 1
            and abs(compared.business_cumulative_minutes - compared.zendesk_minutes) <= 1
            then 'schedule switched'
        when
            compared.metric in ('requester_wait', 'agent_wait', 'on_hold')
            and abs(compared.difference_minutes) <= compared.intervals
            then 'rounded in each status'
    end as reason
from compared
left join tickets
    on
        compared.org_id = tickets.org_id
        and compared.ticket_id = tickets.ticket_id
left join intervals
    on
        compared.org_id = intervals.org_id
        and compared.ticket_id = intervals.ticket_id
left join periods
    on
        compared.org_id = periods.org_id
        and compared.ticket_id = periods.ticket_id
