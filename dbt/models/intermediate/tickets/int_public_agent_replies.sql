-- Grain: one row a public reply of an agent. The comment with which an agent opens a ticket is
-- no reply: nobody had asked yet.
with comments as (
    select * from {{ ref('int_changed_comments') }}
    where is_public
),

tickets as (
    select * from {{ ref('int_changed_ticket_rows') }}
),

joined as (
    select
        comments.org_id,
        comments.ticket_id,
        comments.comment_id,
        comments.created_at as replied_at,
        comments.author_role,
        tickets.created_at as ticket_created_at
    from comments
    left join tickets
        on
            comments.org_id = tickets.org_id
            and comments.ticket_id = tickets.ticket_id
)

select
    org_id,
    ticket_id,
    comment_id,
    replied_at
from joined
where
    author_role in ('agent', 'admin')
    and (ticket_created_at is null or replied_at > ticket_created_at)
