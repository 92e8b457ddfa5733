-- Grain: one row a public reply of an agent. The comment with which an agent opens a ticket is
-- no reply: nobody had asked yet.
with comments as (
    select * from {{ ref('stg_comments') }}
),

users as (
    select * from {{ ref('stg_users') }}
),

tickets as (
    select * from {{ ref('stg_tickets') }}
)

select
    comments.org_id,
    comments.ticket_id,
    comments.comment_id,
    comments.created_at as replied_at
from comments
inner join users
    on
        comments.org_id = users.org_id
        and comments.author_id = users.user_id
left join tickets
    on
        comments.org_id = tickets.org_id
        and comments.ticket_id = tickets.ticket_id
where
    comments.is_public
    and users.role in ('agent', 'admin')
    and (tickets.created_at is null or comments.created_at > tickets.created_at)
