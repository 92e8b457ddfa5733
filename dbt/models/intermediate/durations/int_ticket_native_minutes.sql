-- Grain: one row a changed ticket that Zendesk has measured, with its own minutes: of business
-- hours where the account has any, else of the calendar.
{% set metrics = [
    'first_reply', 'first_resolution', 'full_resolution', 'requester_wait', 'agent_wait', 'on_hold',
] -%}
with metrics as (
    select * from {{ ref('int_changed_ticket_metrics') }}
),

scheduled as (
    select distinct org_id from {{ ref('int_schedule_versions') }}
)

select
    metrics.org_id,
    metrics.ticket_id,
{% for metric in metrics %}
    case
        when scheduled.org_id is null then metrics.{{ metric }}_calendar_minutes
        else metrics.{{ metric }}_business_minutes
    end::double precision as {{ metric }}_minutes{{ ',' if not loop.last }}
{% endfor %}
from metrics
left join scheduled on metrics.org_id = scheduled.org_id
