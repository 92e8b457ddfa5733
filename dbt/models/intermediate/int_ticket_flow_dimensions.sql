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

numbered as (
    select
        org_id,
        ticket_id,
        field_name,
        previous_value,
        value,
        changed_at,
        lead(changed_at) over (
            partition by org_id, ticket_id, field_name
            order by changed_at, change_id
        ) as next_changed_at,
        row_number() over (
            partition by org_id, ticket_id, field_name
            order by changed_at, change_id
        ) as change_no
    from changes
    where field_name in ('group_id', 'priority')
),

periods as (
    select
        org_id,
        ticket_id,
        field_name,
        value,
        changed_at as from_at,
        next_changed_at as to_at
    from numbered
    union all
    -- before the first change that was loaded
    select
        org_id,
        ticket_id,
        field_name,
        previous_value as value,
        '-infinity'::timestamptz as from_at,
        changed_at as to_at
    from numbered
    where change_no = 1
)

select
    events.org_id,
    events.ticket_id,
    events.event,
    events.happened_at,
    tickets.via_channel,
    tickets.brand_id,
    case
        when group_periods.from_at is null then tickets.group_id
        else group_periods.value::bigint
    end as group_id,
    case when priorities.from_at is null then tickets.priority else priorities.value end as priority
from events
left join tickets
    on
        events.org_id = tickets.org_id
        and events.ticket_id = tickets.ticket_id
left join periods as group_periods
    on
        events.org_id = group_periods.org_id
        and events.ticket_id = group_periods.ticket_id
        and group_periods.field_name = 'group_id'
        and events.happened_at >= group_periods.from_at
        and (events.happened_at < group_periods.to_at or group_periods.to_at is null)
left join periods as priorities
    on
        events.org_id = priorities.org_id
        and events.ticket_id = priorities.ticket_id
        and priorities.field_name = 'priority'
        and events.happened_at >= priorities.from_at
        and (events.happened_at < priorities.to_at or priorities.to_at is null)
