-- Grain: one row each event of int_ticket_flow_events, with the ticket's group and priority as of
-- that event: a later change does not move an old event to another group.
with events as (
    select * from {{ ref('int_ticket_flow_events') }}
),

tickets as (
    select * from {{ ref('stg_tickets') }}
),

changes as (
    select * from {{ ref('stg_field_changes') }}
    where field_name in ('group_id', 'priority')
),

numbered as (
    select
        org_id,
        ticket_id,
        field_name,
        event_type,
        previous_value,
        new_value,
        changed_at,
        row_number() over (
            partition by org_id, ticket_id, field_name
            order by changed_at, change_id
        ) as change_no,
        lead(changed_at, 1, 'infinity') over (
            partition by org_id, ticket_id, field_name
            order by changed_at, change_id
        ) as next_changed_at
    from changes
),

periods as (
    select
        org_id,
        ticket_id,
        field_name,
        new_value,
        changed_at as from_at,
        next_changed_at as to_at
    from numbered
    union all
    -- Before the first change that was loaded: what it changed, or what the ticket began with.
    select
        org_id,
        ticket_id,
        field_name,
        case event_type when 'Create' then new_value else previous_value end as new_value,
        '-infinity' as from_at,
        changed_at as to_at
    from numbered
    where change_no = 1
)

select
    events.org_id,
    events.ticket_id,
    events.event_name,
    events.happened_at,
    tickets.via_channel,
    tickets.brand_id,
    -- A field without any change has always been what it is now.
    case
        when group_periods.from_at is null then tickets.group_id
        else nullif(group_periods.new_value, '')::bigint
    end as group_id,
    case
        when priority_periods.from_at is null then tickets.priority
        else nullif(priority_periods.new_value, '')
    end as priority
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
        and events.happened_at < group_periods.to_at
left join periods as priority_periods
    on
        events.org_id = priority_periods.org_id
        and events.ticket_id = priority_periods.ticket_id
        and priority_periods.field_name = 'priority'
        and events.happened_at >= priority_periods.from_at
        and events.happened_at < priority_periods.to_at
