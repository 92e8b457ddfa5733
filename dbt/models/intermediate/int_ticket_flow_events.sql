-- Grain: one row a ticket and event of its flow, with what each event counts towards.
with tickets as (
    select * from {{ ref('stg_tickets') }}
),

changes as (
    select * from {{ ref('stg_field_changes') }}
),

solves as (
    select * from {{ ref('int_ticket_solves') }}
),

replies as (
    select * from {{ ref('int_public_agent_replies') }}
),

first_solves as (
    select
        solves.org_id,
        solves.ticket_id,
        solves.solved_at,
        count(replies.comment_id) as replies_before
    from solves
    left join replies
        on
            solves.org_id = replies.org_id
            and solves.ticket_id = replies.ticket_id
            and solves.solved_at >= replies.replied_at
    where solves.is_first
    group by solves.org_id, solves.ticket_id, solves.solved_at
),

events as (
    select
        org_id,
        ticket_id,
        'created' as event,
        created_at as happened_at
    from tickets
    union all
    select
        org_id,
        ticket_id,
        'deleted' as event,
        deleted_at as happened_at
    from tickets
    where deleted_at is not null
    union all
    select
        org_id,
        ticket_id,
        'solved' as event,
        solved_at as happened_at
    from solves
    union all
    select
        org_id,
        ticket_id,
        'first_solved' as event,
        solved_at as happened_at
    from first_solves
    union all
    select
        org_id,
        ticket_id,
        'one_touch' as event,
        solved_at as happened_at
    from first_solves
    where replies_before = 1
    union all
    select
        org_id,
        ticket_id,
        'unreplied_at_solve' as event,
        solved_at as happened_at
    from first_solves
    where replies_before = 0
    union all
    select
        org_id,
        ticket_id,
        'reopened' as event,
        changed_at as happened_at
    from changes
    where
        field_name = 'status'
        and previous_value = 'solved'
        and value not in ('solved', 'closed')
    union all
    select
        org_id,
        ticket_id,
        'merged' as event,
        min(changed_at) as happened_at
    from changes
    where field_name = 'merged_into_id'
    group by org_id, ticket_id
)

select * from events
