-- Grain: one row an interval of a status that another followed, with how long the ticket had been
-- in each kind of status by then. Only of tickets whose whole history is loaded; NULL where a
-- clock does not know one of the intervals.
{% set metrics = {
    'agent_work': "('new', 'open')",
    'requester_wait': "('new', 'open', 'hold')",
    'agent_wait': "('pending')",
    'on_hold': "('hold')",
} -%}
with intervals as (
    select * from {{ ref('int_ticket_status_intervals') }}
    -- a deletion ends no status, as Zendesk counts
    where is_history_whole and ended_change_id is not null
)

select
    org_id,
    ticket_id,
    interval_no,
    ended_at,
    ended_change_id,
{% for metric, statuses in metrics.items() %}
    {% for clock in ['calendar', 'business_cumulative', 'business_last'] %}
        case
            when count({{ clock }}_minutes) over so_far = count(*) over so_far
                then sum(
                    case when status in {{ statuses }} then {{ clock }}_minutes else 0 end::numeric
                    ) over so_far
        end::double precision as {{ metric }}_{{ clock }}_minutes,
    {% endfor %}
    count(*) filter (where status in {{ statuses }}) over so_far as {{ metric }}_intervals
    {{- ',' if not loop.last }}
{% endfor %}
from intervals
window
    so_far as (
        partition by org_id, ticket_id
        order by interval_no asc
        rows between unbounded preceding and current row
    )
