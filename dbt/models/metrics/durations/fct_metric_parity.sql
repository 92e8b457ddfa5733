-- Grain: one row a ticket, duration and clock that we or Zendesk have measured, as things stand.
{{ config(materialized='fact', unique_key=['org_id', 'ticket_id', 'metric', 'clock']) }}
with organizations as (
    select * from {{ ref('stg_organizations') }}
),

compared as (
    select * from {{ ref('int_metric_comparisons') }}
)

select
    compared.org_id,
    compared.ticket_id,
    compared.metric,
    compared.clock,
    compared.happened_at,
    {{ day_of('compared.happened_at') }} as metric_day,
    compared.computed_minutes,
    compared.zendesk_minutes,
    compared.difference_minutes,
    compared.is_differing,
    compared.reason
from compared
inner join organizations on compared.org_id = organizations.org_id
