-- Grain: one row each thing that happened to a ticket and that its flow counts.
{{ config(
    materialized='fact',
    unique_key=['org_id', 'ticket_id', 'event_name', 'event_no']
) }}
with organizations as (
    select * from {{ ref('stg_organizations') }}
),

events as (
    select
        org_id,
        ticket_id,
        event_name,
        happened_at,
        row_number() over (
            partition by org_id, ticket_id, event_name order by happened_at asc
        )::integer as event_no
    from {{ ref('int_ticket_flow_events') }}
),

placed as (
    {{ with_dimensions('events') }}
)

select
    placed.org_id,
    placed.ticket_id,
    placed.event_name,
    placed.event_no,
    placed.happened_at,
    {{ day_of('placed.happened_at') }} as metric_day,
    placed.group_id,
    placed.channel,
    placed.brand_id,
    placed.priority
from placed
inner join organizations on placed.org_id = organizations.org_id
