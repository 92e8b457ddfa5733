-- Grain: one row a ticket that was solved, at its first solve ever.
with solves as (
    select * from {{ ref('int_ticket_solves') }}
    where is_first
),

replies as (
    select * from {{ ref('int_public_agent_replies') }}
),

metrics as (
    select * from {{ ref('int_changed_ticket_metrics') }}
),

replied as (
    select
        solves.org_id,
        solves.ticket_id,
        solves.solved_at,
        solves.is_history_whole,
        count(replies.comment_id) as replies_seen,
        count(replies.comment_id) filter (
            where replies.replied_at <= solves.solved_at
        ) as replies_seen_before
    from solves
    left join replies
        on
            solves.org_id = replies.org_id
            and solves.ticket_id = replies.ticket_id
    group by solves.org_id, solves.ticket_id, solves.solved_at, solves.is_history_whole
)

select
    replied.org_id,
    replied.ticket_id,
    replied.solved_at,
    case
        when replied.is_history_whole then replied.replies_seen_before
        -- The replies that only Zendesk has counted came before what we loaded. NULL where it
        -- has not counted: not known is not zero.
        else
            replied.replies_seen_before
            + case
                when metrics.replies > replied.replies_seen
                    then metrics.replies - replied.replies_seen
                when metrics.replies is not null then 0
            end
    end as replies_before
from replied
left join metrics
    on
        replied.org_id = metrics.org_id
        and replied.ticket_id = metrics.ticket_id
