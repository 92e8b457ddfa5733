-- Grain: one row a span between two events of a changed ticket, by what it measures: the wait that
-- a reply ended, and the time from creation to each solve.
{{ config(materialized='slice', unique_key=['org_id', 'ticket_id', 'metric', 'event_id']) }}
with replies as (
    select * from {{ ref('int_ticket_replies') }}
),

solves as (
    select * from {{ ref('int_ticket_solves') }}
),

tickets as (
    select * from {{ ref('int_changed_ticket_rows') }}
),

resolved as (
    select
        solves.org_id,
        solves.ticket_id,
        solves.change_id,
        solves.solved_at,
        solves.is_first,
        tickets.created_at
    from solves
    inner join tickets
        on
            solves.org_id = tickets.org_id
            and solves.ticket_id = tickets.ticket_id
),

spans as (
    select
        org_id,
        ticket_id,
        metric,
        'reply' as event_name,
        comment_id as event_id,
        waited_since as started_at,
        replied_at as ended_at
    from replies
    where metric is not null
    union all
    select
        org_id,
        ticket_id,
        'first_resolution' as metric,
        'solve' as event_name,
        change_id as event_id,
        created_at as started_at,
        solved_at as ended_at
    from resolved
    where is_first
    union all
    select
        org_id,
        ticket_id,
        'full_resolution' as metric,
        'solve' as event_name,
        change_id as event_id,
        created_at as started_at,
        solved_at as ended_at
    from resolved
),

timed as (
    {{ with_business_minutes('spans') }}
)

select * from timed
