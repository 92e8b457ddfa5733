-- Grain: one row each thing that became of an escalation: opened, acknowledged, resolved.
{{ config(
    materialized='fact',
    unique_key=['org_id', 'ticket_id', 'trigger_name', 'event_name']
) }}
with organizations as (
    select * from {{ ref('stg_organizations') }}
),

events as (
    select * from {{ ref('int_escalation_events') }}
)

select
    events.org_id,
    events.ticket_id,
    events.trigger_name,
    events.tier,
    events.event_name,
    events.minutes_since_raised,
    events.happened_at,
    {{ day_of('events.happened_at') }} as metric_day
from events
inner join organizations on events.org_id = organizations.org_id
