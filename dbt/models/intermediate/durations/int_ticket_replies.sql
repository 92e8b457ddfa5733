-- Grain: one row a public reply of an agent to a changed ticket, with the wait that it ended: from
-- the ticket's creation for the first, from the oldest question since the reply before for any
-- other. A reply that nobody waited for ended none.
with replies as (
    select * from {{ ref('int_public_agent_replies') }}
),

comments as (
    select * from {{ ref('int_changed_comments') }}
    where is_public
),

tickets as (
    select * from {{ ref('int_changed_ticket_rows') }}
),

metrics as (
    select * from {{ ref('int_changed_ticket_metrics') }}
),

status_changes as (
    select * from {{ ref('int_ticket_status_changes') }}
),

histories as (
    select
        org_id,
        ticket_id,
        bool_or(event_type = 'Create') as is_whole
    from status_changes
    group by org_id, ticket_id
),

turns as (
    select
        comments.org_id,
        comments.ticket_id,
        comments.comment_id,
        comments.author_id,
        comments.created_at as said_at,
        tickets.created_at as ticket_created_at,
        replies.comment_id is not null as is_reply,
        replies.comment_id is null
        and (
            comments.author_role = 'end-user'
            -- one whose own row is not loaded
            or comments.author_id = tickets.requester_id
        ) as is_question
    from comments
    left join replies
        on
            comments.org_id = replies.org_id
            and comments.comment_id = replies.comment_id
    left join tickets
        on
            comments.org_id = tickets.org_id
            and comments.ticket_id = tickets.ticket_id
),

counted as (
    select
        org_id,
        ticket_id,
        comment_id,
        author_id,
        said_at,
        ticket_created_at,
        is_reply,
        is_question,
        count(*) filter (where is_reply) over (
            partition by org_id, ticket_id
            order by said_at asc, comment_id asc
            rows between unbounded preceding and current row
        ) - is_reply::integer as replies_before,
        count(*) filter (where is_reply) over (partition by org_id, ticket_id) as replies_seen
    from turns
),

waited as (
    select
        org_id,
        ticket_id,
        comment_id,
        author_id,
        said_at,
        ticket_created_at,
        is_reply,
        replies_before,
        replies_seen,
        min(said_at) filter (where is_question) over (
            partition by org_id, ticket_id, replies_before
        ) as asked_at
    from counted
),

told as (
    select
        waited.org_id,
        waited.ticket_id,
        waited.comment_id,
        waited.author_id,
        waited.said_at,
        waited.ticket_created_at,
        waited.asked_at,
        waited.replies_before,
        -- Of a ticket that began before what is loaded, Zendesk's count tells whether this was
        -- the first reply ever.
        waited.replies_before = 0
        and (
            coalesce(histories.is_whole, false) or metrics.replies <= waited.replies_seen
        ) as is_first
    from waited
    left join histories
        on
            waited.org_id = histories.org_id
            and waited.ticket_id = histories.ticket_id
    left join metrics
        on
            waited.org_id = metrics.org_id
            and waited.ticket_id = metrics.ticket_id
    where waited.is_reply
)

select
    org_id,
    ticket_id,
    comment_id,
    said_at as replied_at,
    author_id as agent_id,
    (replies_before + 1)::integer as reply_no,
    case
        when is_first and ticket_created_at is not null then 'first_reply'
        when replies_before > 0 and asked_at is not null then 'next_reply'
    end as metric,
    case
        when is_first then ticket_created_at
        when replies_before > 0 then asked_at
    end as waited_since
from told
