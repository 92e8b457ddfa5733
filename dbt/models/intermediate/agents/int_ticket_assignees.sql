-- Grain: one row a changed ticket and period in which one agent, or none, was in charge; periods
-- are half-open, and reach from the beginning of time to its end.
{{ config(materialized='slice', unique_key=['org_id', 'ticket_id', 'from_at']) }}
with tickets as (
    select * from {{ ref('int_changed_ticket_rows') }}
),

-- of several within one second the last counts
changes as (
    select distinct on (org_id, ticket_id, changed_at)
        org_id,
        ticket_id,
        event_type,
        previous_value,
        new_value,
        changed_at
    from {{ ref('int_changed_fields') }}
    where field_name = 'assignee_id'
    order by org_id asc, ticket_id asc, changed_at asc, change_id desc
),

numbered as (
    select
        org_id,
        ticket_id,
        event_type,
        previous_value,
        new_value,
        changed_at,
        row_number() over (partition by org_id, ticket_id order by changed_at asc) as change_no,
        lead(changed_at, 1, 'infinity') over (
            partition by org_id, ticket_id order by changed_at asc
        ) as next_changed_at
    from changes
),

periods as (
    select
        org_id,
        ticket_id,
        changed_at as from_at,
        next_changed_at as to_at,
        nullif(new_value, '')::bigint as agent_id
    from numbered
    union all
    -- Before the first change that was loaded: whom it took the ticket from. A ticket that is
    -- created for an agent has been that agent's from its first instant.
    select
        org_id,
        ticket_id,
        '-infinity' as from_at,
        changed_at as to_at,
        nullif(
            case event_type when 'Create' then new_value else previous_value end, ''
        )::bigint as agent_id
    from numbered
    where change_no = 1
    union all
    -- without any change it has always been whose it is now
    select
        tickets.org_id,
        tickets.ticket_id,
        '-infinity' as from_at,
        'infinity' as to_at,
        tickets.assignee_id as agent_id
    from tickets
    left join numbered
        on
            tickets.org_id = numbered.org_id
            and tickets.ticket_id = numbered.ticket_id
    where numbered.ticket_id is null
)

select
    org_id,
    ticket_id,
    from_at,
    to_at,
    agent_id
from periods
