-- Grain: as int_ticket_flow_events, with the ticket's group and priority as of the event: a later
-- change does not move an old event to another group.
with events as (
    select * from {{ ref('int_ticket_flow_events') }}
),

tickets as (
    select * from {{ ref('stg_tickets') }}
),

changes as (
    select * from {{ ref('stg_field_changes') }}
),

periods as (
    select
        org_id,
        ticket_id,
        field_name,
        value,
        changed_at as from_at,
        lead(changed_at) over (
            partition by org_id, ticket_id, field_name
            order by changed_at, change_id
        ) as to_at
    from changes
    where field_name in ('group_id', 'priority')
    union all
    -- before the first change that was loaded
    select distinct on (org_id, ticket_id, field_name)
        org_id,
        ticket_id,
        field_name,
        previous_value as value,
        '-infinity'::timestamptz as from_at,
        changed_at as to_at
    from changes
    where field_name in ('group_id', 'priority')
    order by org_id, ticket_id, field_name, changed_at, change_id
)

select
    events.org_id,
    events.ticket_id,
    events.event,
    events.happened_at,
    tickets.via_channel,
    tickets.brand_id,
    case when groups.from_at is null then tickets.group_id else groups.value::bigint end as group_id,
    case when priorities.from_at is null then tickets.priority else priorities.value end
        as priority
from events
left join tickets
    on
        events.org_id = tickets.org_id
        and events.ticket_id = tickets.ticket_id
left join periods as groups
    on
        events.org_id = groups.org_id
        and events.ticket_id = groups.ticket_id
        and groups.field_name = 'group_id'
        and events.happened_at >= groups.from_at
        and (events.happened_at < groups.to_at or groups.to_at is null)
left join periods as priorities
    on
        events.org_id = priorities.org_id
        and events.ticket_id = priorities.ticket_id
        and priorities.field_name = 'priority'
        and events.happened_at >= priorities.from_at
        and (events.happened_at < priorities.to_at or priorities.to_at is null)
