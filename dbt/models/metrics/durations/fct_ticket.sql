-- Grain: one row a ticket, as it stands.
{% set metrics = [
    'first_reply', 'first_resolution', 'full_resolution',
    'agent_work', 'requester_wait', 'agent_wait', 'on_hold',
] -%}
{{ config(materialized='fact', unique_key=['org_id', 'ticket_id']) }}
with tickets as (
    select * from {{ ref('int_changed_ticket_rows') }}
),

events as (
    select
        org_id,
        ticket_id,
        min(happened_at) filter (where event_name = 'first_solved') as first_solved_at,
        max(happened_at) filter (where event_name = 'solved') as solved_at,
        min(happened_at) filter (where event_name = 'merged') as merged_at,
        count(*) filter (where event_name = 'solved') as solves,
        count(*) filter (where event_name = 'reopened') as reopens,
        bool_or(event_name = 'one_touch') as is_one_touch
    from {{ ref('int_ticket_flow_events') }}
    group by org_id, ticket_id
),

replies as (
    select
        org_id,
        ticket_id,
        min(replied_at) filter (where metric = 'first_reply') as first_replied_at,
        count(*) as replies
    from {{ ref('int_ticket_replies') }}
    group by org_id, ticket_id
),

statuses as (
    select
        org_id,
        ticket_id,
        bool_and(is_history_whole) as is_history_whole,
        min(started_at) filter (where status = 'closed') as closed_at
    from {{ ref('int_ticket_status_intervals') }}
    group by org_id, ticket_id
),

schedules as (
    select
        org_id,
        ticket_id,
        count(*) as schedules,
        (array_agg(schedule_id order by from_at desc))[1] as schedule_id
    from {{ ref('int_ticket_schedules') }}
    group by org_id, ticket_id
),

clocks as (
    select
        org_id,
        ticket_id,
    {% for metric in metrics %}
        {% for clock in ['calendar', 'business_cumulative', 'business_last'] %}
            max({{ clock }}_minutes) filter (
                where metric = '{{ metric }}'
            ) as {{ metric }}_{{ clock }}_minutes,
        {% endfor %}
        max(zendesk_calendar_minutes) filter (
            where metric = '{{ metric }}'
        ) as {{ metric }}_zendesk_calendar_minutes,
        max(zendesk_business_minutes) filter (
            where metric = '{{ metric }}'
        ) as {{ metric }}_zendesk_business_minutes
        {{- ',' if not loop.last }}
    {% endfor %}
    from {{ ref('int_ticket_clocks') }}
    group by org_id, ticket_id
)

select
    tickets.org_id,
    tickets.ticket_id,
    -- no table counts tickets by day but by what happened to them: fct_ticket_event
    null::date as metric_day,
    tickets.status,
    tickets.priority,
    tickets.via_channel as channel,
    tickets.group_id,
    tickets.brand_id,
    tickets.assignee_id,
    schedules.schedule_id,
    coalesce(schedules.schedules, 0)::integer as schedules,
    tickets.created_at,
    replies.first_replied_at,
    events.first_solved_at,
    events.solved_at,
    statuses.closed_at,
    events.merged_at,
    tickets.merged_into_id,
    tickets.deleted_at,
    coalesce(statuses.is_history_whole, false) as is_history_whole,
    coalesce(replies.replies, 0)::integer as replies,
    coalesce(events.solves, 0)::integer as solves,
    coalesce(events.reopens, 0)::integer as reopens,
    coalesce(events.is_one_touch, false) as is_one_touch,
{% for metric in metrics %}
    clocks.{{ metric }}_calendar_minutes,
    clocks.{{ metric }}_business_cumulative_minutes,
    clocks.{{ metric }}_business_last_minutes
    {%- if metric != 'agent_work' -%}
        ,
        clocks.{{ metric }}_zendesk_calendar_minutes,
        clocks.{{ metric }}_zendesk_business_minutes
    {%- endif %}
    {{- ',' if not loop.last }}
{% endfor %}
from tickets
left join events
    on
        tickets.org_id = events.org_id
        and tickets.ticket_id = events.ticket_id
left join replies
    on
        tickets.org_id = replies.org_id
        and tickets.ticket_id = replies.ticket_id
left join statuses
    on
        tickets.org_id = statuses.org_id
        and tickets.ticket_id = statuses.ticket_id
left join schedules
    on
        tickets.org_id = schedules.org_id
        and tickets.ticket_id = schedules.ticket_id
left join clocks
    on
        tickets.org_id = clocks.org_id
        and tickets.ticket_id = clocks.ticket_id
