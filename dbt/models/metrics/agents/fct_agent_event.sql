-- Grain: one row each thing that happened to a ticket while an agent was in charge of it, and that
-- the agent's figures count.
{{ config(
    materialized='fact',
    unique_key=['org_id', 'ticket_id', 'event_name', 'event_no']
) }}
with organizations as (
    select * from {{ ref('stg_organizations') }}
),

flow as (
    select * from {{ ref('int_ticket_flow_events') }}
    where event_name in ('solved', 'first_solved', 'one_touch', 'reopened')
),

assignees as (
    select * from {{ ref('int_ticket_assignees') }}
    where agent_id is not null
),

events as (
    select
        flow.org_id,
        flow.ticket_id,
        flow.event_name,
        row_number() over (
            partition by flow.org_id, flow.ticket_id, flow.event_name
            order by flow.happened_at asc
        )::integer as event_no,
        flow.happened_at,
        assignees.agent_id
    from flow
    inner join assignees
        on
            flow.org_id = assignees.org_id
            and flow.ticket_id = assignees.ticket_id
            and flow.happened_at >= assignees.from_at
            and flow.happened_at < assignees.to_at
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
    placed.agent_id,
    placed.group_id
from placed
inner join organizations on placed.org_id = organizations.org_id
