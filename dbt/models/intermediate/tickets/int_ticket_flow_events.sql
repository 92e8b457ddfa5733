-- Grain: one row each thing that happened to a ticket and that its flow counts, by name.
with tickets as (
    select * from {{ ref('int_changed_ticket_rows') }}
),

changes as (
    select * from {{ ref('int_changed_fields') }}
),

status_changes as (
    select * from {{ ref('int_ticket_status_changes') }}
),

solves as (
    select * from {{ ref('int_ticket_solves') }}
),

first_solves as (
    select * from {{ ref('int_ticket_first_solves') }}
),

merged_tickets as (
    select
        org_id,
        ticket_id,
        min(changed_at) as merged_at
    from changes
    where field_name = 'merged_into_id'
    group by org_id, ticket_id
),

unioned as (
    select
        org_id,
        ticket_id,
        'created' as event_name,
        created_at as happened_at
    from tickets
    union all
    select
        org_id,
        ticket_id,
        'solved' as event_name,
        solved_at as happened_at
    from solves
    union all
    select
        org_id,
        ticket_id,
        'first_solved' as event_name,
        solved_at as happened_at
    from first_solves
    union all
    select
        org_id,
        ticket_id,
        'one_touch' as event_name,
        solved_at as happened_at
    from first_solves
    where replies_before = 1
    union all
    select
        org_id,
        ticket_id,
        'unreplied_at_solve' as event_name,
        solved_at as happened_at
    from first_solves
    where replies_before = 0
    union all
    select
        org_id,
        ticket_id,
        'reopened' as event_name,
        changed_at as happened_at
    from status_changes
    where
        previous_value = 'solved'
        and new_value not in ('solved', 'closed')
    union all
    select
        org_id,
        ticket_id,
        'merged' as event_name,
        merged_at as happened_at
    from merged_tickets
    union all
    select
        org_id,
        ticket_id,
        'deleted' as event_name,
        deleted_at as happened_at
    from tickets
    where deleted_at is not null
)

select * from unioned
