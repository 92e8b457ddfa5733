-- Grain: one row a duration of a changed ticket and the event that it ended with: replies,
-- solves, and the closing. Times in a status are told at each solve, with what had passed by
-- then, so that a later reopening does not restate an old day. Zendesk keeps one figure of each,
-- which it overwrites until the ticket is closed: that is told at the first reply and solve, and
-- else at the closing.
{% set status_metrics = ['agent_work', 'requester_wait', 'agent_wait', 'on_hold'] -%}
{% set final_metrics = ['full_resolution', 'requester_wait', 'agent_wait', 'on_hold'] -%}
with spans as (
    select * from {{ ref('int_ticket_spans') }}
),

solves as (
    select * from {{ ref('int_ticket_solves') }}
    where is_history_whole
),

totals as (
    select * from {{ ref('int_ticket_status_totals') }}
),

status_changes as (
    select * from {{ ref('int_ticket_status_changes') }}
),

native as (
    select * from {{ ref('int_ticket_native_minutes') }}
),

solved as (
    select
        solves.org_id,
        solves.ticket_id,
        solves.change_id,
        solves.solved_at,
        -- created as solved: it was in no status before
        totals.interval_no is null as is_at_once,
    {% for metric in status_metrics %}
        totals.{{ metric }}_calendar_minutes,
        totals.{{ metric }}_business_cumulative_minutes,
        totals.{{ metric }}_business_last_minutes{{ ',' if not loop.last }}
    {% endfor %}
    from solves
    left join totals
        on
            solves.org_id = totals.org_id
            and solves.ticket_id = totals.ticket_id
            and solves.change_id = totals.ended_change_id
),

closings as (
    select
        org_id,
        ticket_id,
        min(change_id) as change_id,
        min(changed_at) as closed_at
    from status_changes
    where new_value = 'closed'
    group by org_id, ticket_id
)

select
    spans.org_id,
    spans.ticket_id,
    spans.metric,
    spans.event_name,
    spans.event_id,
    spans.ended_at as happened_at,
    spans.calendar_minutes,
    spans.business_cumulative_minutes,
    spans.business_last_minutes,
    case spans.metric
        when 'first_reply' then native.first_reply_minutes
        when 'first_resolution' then native.first_resolution_minutes
    end as zendesk_minutes
from spans
left join native
    on
        spans.org_id = native.org_id
        and spans.ticket_id = native.ticket_id
{% for metric in status_metrics %}
    union all
    select
        org_id,
        ticket_id,
        '{{ metric }}' as metric,
        'solve' as event_name,
        change_id as event_id,
        solved_at as happened_at,
        case when is_at_once then 0 else {{ metric }}_calendar_minutes end as calendar_minutes,
        case
            when is_at_once then 0 else {{ metric }}_business_cumulative_minutes
        end as business_cumulative_minutes,
        case
            when is_at_once then 0 else {{ metric }}_business_last_minutes
        end as business_last_minutes,
        null::double precision as zendesk_minutes
    from solved
{% endfor %}
{% for metric in final_metrics %}
    union all
    select
        closings.org_id,
        closings.ticket_id,
        '{{ metric }}' as metric,
        'close' as event_name,
        closings.change_id as event_id,
        closings.closed_at as happened_at,
        null as calendar_minutes,
        null as business_cumulative_minutes,
        null as business_last_minutes,
        native.{{ metric }}_minutes as zendesk_minutes
    from closings
    inner join native
        on
            closings.org_id = native.org_id
            and closings.ticket_id = native.ticket_id
    where native.{{ metric }}_minutes is not null
{% endfor %}
