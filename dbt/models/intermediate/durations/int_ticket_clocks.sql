-- Grain: one row a changed ticket and duration, as things stand: how long by each clock, beside
-- Zendesk's minutes. Times in a status are those of intervals that have ended, as Zendesk counts;
-- the full resolution is that of a ticket that is solved now.
{% set status_metrics = ['agent_work', 'requester_wait', 'agent_wait', 'on_hold'] -%}
{% set native_metrics = [
    'first_reply', 'first_resolution', 'full_resolution', 'requester_wait', 'agent_wait', 'on_hold',
] -%}
with changed_tickets as (
    select * from {{ ref('int_changed_tickets') }}
),

spans as (
    select * from {{ ref('int_ticket_spans') }}
),

totals as (
    select * from {{ ref('int_ticket_status_totals') }}
),

intervals as (
    select * from {{ ref('int_ticket_status_intervals') }}
),

metrics as (
    select * from {{ ref('int_changed_ticket_metrics') }}
),

-- Where the ticket stands: its newest status, and what had passed when the one before it ended.
newest as (
    select distinct on (org_id, ticket_id)
        org_id,
        ticket_id,
        interval_no,
        status,
        started_at,
        is_history_whole
    from intervals
    order by org_id asc, ticket_id asc, interval_no desc
),

newest_totals as (
    select distinct on (org_id, ticket_id)
        org_id,
        ticket_id,
        ended_at,
    {% for metric in status_metrics %}
        {{ metric }}_calendar_minutes,
        {{ metric }}_business_cumulative_minutes,
        {{ metric }}_business_last_minutes,
        {{ metric }}_intervals{{ ',' if not loop.last }}
    {% endfor %}
    from totals
    order by org_id asc, ticket_id asc, interval_no desc
),

last_solves as (
    select distinct on (spans.org_id, spans.ticket_id)
        spans.org_id,
        spans.ticket_id,
        spans.metric,
        spans.ended_at,
        spans.calendar_minutes,
        spans.business_cumulative_minutes,
        spans.business_last_minutes
    from spans
    inner join newest
        on
            spans.org_id = newest.org_id
            and spans.ticket_id = newest.ticket_id
    where
        spans.metric = 'full_resolution'
        and newest.status in ('solved', 'closed')
    order by spans.org_id asc, spans.ticket_id asc, spans.ended_at desc, spans.event_id desc
),

computed as (
    select
        org_id,
        ticket_id,
        metric,
        ended_at,
        calendar_minutes,
        business_cumulative_minutes,
        business_last_minutes,
        1 as intervals
    from spans
    where metric in ('first_reply', 'first_resolution')
    union all
    select
        org_id,
        ticket_id,
        metric,
        ended_at,
        calendar_minutes,
        business_cumulative_minutes,
        business_last_minutes,
        1 as intervals
    from last_solves
    {% for metric in status_metrics %}
        union all
        select
            newest.org_id,
            newest.ticket_id,
            '{{ metric }}' as metric,
            newest_totals.ended_at,
            case
                when newest_totals.ticket_id is null then 0
                else newest_totals.{{ metric }}_calendar_minutes
            end as calendar_minutes,
            case
                when newest_totals.ticket_id is null then 0
                else newest_totals.{{ metric }}_business_cumulative_minutes
            end as business_cumulative_minutes,
            case
                when newest_totals.ticket_id is null then 0
                else newest_totals.{{ metric }}_business_last_minutes
            end as business_last_minutes,
            coalesce(newest_totals.{{ metric }}_intervals, 0)::integer as intervals
        from newest
        left join newest_totals
            on
                newest.org_id = newest_totals.org_id
                and newest.ticket_id = newest_totals.ticket_id
        where newest.is_history_whole
    {% endfor %}
),

native as (
    {% for metric in native_metrics %}
        select
            org_id,
            ticket_id,
            '{{ metric }}' as metric,
            {{ metric }}_calendar_minutes as calendar_minutes,
            {{ metric }}_business_minutes as business_minutes,
            changed_at
        from metrics
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

named as (
    {% for metric in native_metrics + ['agent_work'] %}
        select
            org_id,
            ticket_id,
            '{{ metric }}' as metric
        from changed_tickets
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    named.org_id,
    named.ticket_id,
    named.metric,
    computed.ended_at,
    computed.calendar_minutes,
    computed.business_cumulative_minutes,
    computed.business_last_minutes,
    computed.intervals,
    native.calendar_minutes::double precision as zendesk_calendar_minutes,
    native.business_minutes::double precision as zendesk_business_minutes,
    native.changed_at as zendesk_changed_at
from named
left join computed
    on
        named.org_id = computed.org_id
        and named.ticket_id = computed.ticket_id
        and named.metric = computed.metric
left join native
    on
        named.org_id = native.org_id
        and named.ticket_id = native.ticket_id
        and named.metric = native.metric
where computed.ticket_id is not null or native.ticket_id is not null
