-- Grain: one row a changed ticket and period in which its group and priority stay the same; periods
-- are half-open, and reach from the beginning of time to its end.
{{ config(materialized='slice', unique_key=['org_id', 'ticket_id', 'from_at']) }}
with tickets as (
    select * from {{ ref('int_changed_ticket_rows') }}
),

changed_tickets as (
    select * from {{ ref('int_changed_tickets') }}
),

changes as (
    select * from {{ ref('int_changed_fields') }}
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
            order by changed_at asc, change_id asc
        ) as change_no,
        lead(changed_at, 1, 'infinity') over (
            partition by org_id, ticket_id, field_name
            order by changed_at asc, change_id asc
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
),

-- From each of these on, one of the two is another.
beginnings as (
    select
        org_id,
        ticket_id,
        '-infinity'::timestamptz as from_at
    from changed_tickets
    union
    select
        org_id,
        ticket_id,
        changed_at as from_at
    from changes
),

cut as (
    select
        org_id,
        ticket_id,
        from_at,
        lead(from_at, 1, 'infinity') over (
            partition by org_id, ticket_id order by from_at asc
        ) as to_at
    from beginnings
)

select
    cut.org_id,
    cut.ticket_id,
    cut.from_at,
    cut.to_at,
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
from cut
left join tickets
    on
        cut.org_id = tickets.org_id
        and cut.ticket_id = tickets.ticket_id
left join periods as group_periods
    on
        cut.org_id = group_periods.org_id
        and cut.ticket_id = group_periods.ticket_id
        and group_periods.field_name = 'group_id'
        and cut.from_at >= group_periods.from_at
        and cut.from_at < group_periods.to_at
left join periods as priority_periods
    on
        cut.org_id = priority_periods.org_id
        and cut.ticket_id = priority_periods.ticket_id
        and priority_periods.field_name = 'priority'
        and cut.from_at >= priority_periods.from_at
        and cut.from_at < priority_periods.to_at
