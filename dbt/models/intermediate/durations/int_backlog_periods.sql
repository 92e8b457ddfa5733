-- Grain: one row a changed ticket and period in which it is unsolved and its status, group,
-- priority and whether it has an assignee stay the same; periods are half-open. Where its
-- beginning is not loaded, it is taken to have been since its creation what it was before the
-- first change.
with tickets as (
    select * from {{ ref('int_changed_ticket_rows') }}
),

intervals as (
    select * from {{ ref('int_ticket_status_intervals') }}
),

status_changes as (
    select * from {{ ref('int_ticket_status_changes') }}
),

dimensions as (
    select * from {{ ref('int_ticket_dimensions') }}
),

changes as (
    select * from {{ ref('int_changed_fields') }}
    where field_name = 'assignee_id'
),

first_changes as (
    select distinct on (org_id, ticket_id)
        org_id,
        ticket_id,
        event_type,
        previous_value,
        changed_at
    from status_changes
    order by org_id asc, ticket_id asc, changed_at asc, change_id asc
),

statuses as (
    select
        org_id,
        ticket_id,
        status,
        started_at as from_at,
        coalesce(ended_at, 'infinity') as to_at
    from intervals
    union all
    select
        tickets.org_id,
        tickets.ticket_id,
        case
            when first_changes.ticket_id is null then tickets.status
            else first_changes.previous_value
        end as status,
        tickets.created_at as from_at,
        coalesce(first_changes.changed_at, tickets.deleted_at, 'infinity') as to_at
    from tickets
    left join first_changes
        on
            tickets.org_id = first_changes.org_id
            and tickets.ticket_id = first_changes.ticket_id
    where first_changes.event_type is distinct from 'Create'
),

numbered as (
    select
        org_id,
        ticket_id,
        event_type,
        previous_value,
        new_value,
        changed_at,
        row_number() over (
            partition by org_id, ticket_id order by changed_at asc, change_id asc
        ) as change_no,
        lead(changed_at, 1, 'infinity') over (
            partition by org_id, ticket_id order by changed_at asc, change_id asc
        ) as next_changed_at
    from changes
),

assignments as (
    select
        org_id,
        ticket_id,
        changed_at as from_at,
        next_changed_at as to_at,
        coalesce(new_value, '') <> '' as is_assigned
    from numbered
    union all
    select
        org_id,
        ticket_id,
        '-infinity' as from_at,
        changed_at as to_at,
        coalesce(
            case event_type when 'Create' then new_value else previous_value end, ''
        ) <> '' as is_assigned
    from numbered
    where change_no = 1
    union all
    -- never changed: as it is now
    select
        tickets.org_id,
        tickets.ticket_id,
        '-infinity' as from_at,
        'infinity' as to_at,
        tickets.assignee_id is not null as is_assigned
    from tickets
    left join numbered
        on
            tickets.org_id = numbered.org_id
            and tickets.ticket_id = numbered.ticket_id
    where numbered.ticket_id is null
)

select
    statuses.org_id,
    statuses.ticket_id,
    greatest(statuses.from_at, dimensions.from_at, assignments.from_at) as from_at,
    least(statuses.to_at, dimensions.to_at, assignments.to_at) as to_at,
    statuses.status as status_category,
    tickets.created_at,
    coalesce(dimensions.group_id, 0) as group_id,
    coalesce(dimensions.via_channel, 'none') as channel,
    coalesce(dimensions.brand_id, 0) as brand_id,
    coalesce(dimensions.priority, 'none') as priority,
    assignments.is_assigned
from statuses
inner join tickets
    on
        statuses.org_id = tickets.org_id
        and statuses.ticket_id = tickets.ticket_id
inner join dimensions
    on
        statuses.org_id = dimensions.org_id
        and statuses.ticket_id = dimensions.ticket_id
        and statuses.from_at < dimensions.to_at
        and statuses.to_at > dimensions.from_at
inner join assignments
    on
        statuses.org_id = assignments.org_id
        and statuses.ticket_id = assignments.ticket_id
        and greatest(statuses.from_at, dimensions.from_at) < assignments.to_at
        and assignments.from_at < least(statuses.to_at, dimensions.to_at)
where
    statuses.status in ('new', 'open', 'pending', 'hold')
    and statuses.from_at < statuses.to_at
