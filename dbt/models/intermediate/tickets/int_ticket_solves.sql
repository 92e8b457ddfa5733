-- Grain: one row each time that a ticket becomes solved (or closed without having been solved).
with status_changes as (
    select * from {{ ref('int_ticket_status_changes') }}
),

metrics as (
    select * from {{ ref('int_changed_ticket_metrics') }}
),

histories as (
    select
        org_id,
        ticket_id,
        bool_or(event_type = 'Create') as is_whole,
        count(*) filter (
            where previous_value = 'solved' and new_value not in ('solved', 'closed')
        ) as reopens
    from status_changes
    group by org_id, ticket_id
),

solves as (
    select
        org_id,
        ticket_id,
        change_id,
        changed_at as solved_at,
        row_number() over (
            partition by org_id, ticket_id
            order by changed_at, change_id
        ) as solve_no
    from status_changes
    where
        new_value in ('solved', 'closed')
        and coalesce(previous_value, 'new') not in ('solved', 'closed')
)

select
    solves.org_id,
    solves.ticket_id,
    solves.change_id,
    solves.solved_at,
    histories.is_whole as is_history_whole,
    -- Where the ticket began before what we loaded, Zendesk's own count tells whether it had been
    -- solved before: it was reopened more often than we saw.
    solves.solve_no = 1
    and (histories.is_whole or coalesce(metrics.reopens, 0) <= histories.reopens) as is_first
from solves
inner join histories
    on
        solves.org_id = histories.org_id
        and solves.ticket_id = histories.ticket_id
left join metrics
    on
        solves.org_id = metrics.org_id
        and solves.ticket_id = metrics.ticket_id
