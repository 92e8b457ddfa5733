-- Grain: one row a duration of a ticket and the event that it ended with, its clocks side by side.
{{ config(
    materialized='fact',
    unique_key=['org_id', 'ticket_id', 'metric', 'event_name', 'event_id']
) }}
with organizations as (
    select * from {{ ref('stg_organizations') }}
),

events as (
    select * from {{ ref('int_ticket_durations') }}
),

placed as (
    {{ with_dimensions('events') }}
)

select
    placed.org_id,
    placed.ticket_id,
    placed.metric,
    placed.event_name,
    placed.event_id,
    placed.happened_at,
    {{ day_of('placed.happened_at') }} as metric_day,
    placed.calendar_minutes,
    placed.business_cumulative_minutes,
    placed.business_last_minutes,
    placed.zendesk_minutes,
    placed.group_id,
    placed.channel,
    placed.brand_id,
    placed.priority
from placed
inner join organizations on placed.org_id = organizations.org_id
