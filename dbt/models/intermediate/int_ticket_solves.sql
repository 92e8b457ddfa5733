-- Grain: one row each time that a ticket becomes solved (or closed without having been solved).
with status_changes as (
    select * from {{ ref('stg_field_changes') }}
    where field_name = 'status'
),

metrics as (
    select * from {{ ref('stg_ticket_metrics') }}
),

reopens as (
    select
        org_id,
        ticket_id,
        count(*) as seen
    from status_changes
    where previous_value = 'solved' and value not in ('solved', 'closed')
    group by org_id, ticket_id
),

solves as (
    select
        org_id,
        ticket_id,
        changed_at as solved_at,
        row_number() over (
            partition by org_id, ticket_id
            order by changed_at, change_id
        ) as solve_no
    from status_changes
    where
        value in ('solved', 'closed')
        and coalesce(previous_value, 'new') not in ('solved', 'closed')
)

select
    solves.org_id,
    solves.ticket_id,
    solves.solved_at,
    -- A ticket that Zendesk saw reopened more often than we did was first solved before the
    -- window that we loaded.
    solves.solve_no = 1 and coalesce(metrics.reopens, 0) <= coalesce(reopens.seen, 0) as is_first
from solves
left join metrics
    on
        solves.org_id = metrics.org_id
        and solves.ticket_id = metrics.ticket_id
left join reopens
    on
        solves.org_id = reopens.org_id
        and solves.ticket_id = reopens.ticket_id
