-- Grain: one row a public reply of an agent.
{{ config(materialized='fact', unique_key=['org_id', 'ticket_id', 'comment_id']) }}
with organizations as (
    select * from {{ ref('stg_organizations') }}
),

replies as (
    select * from {{ ref('int_ticket_replies') }}
),

spans as (
    select * from {{ ref('int_ticket_spans') }}
    where event_name = 'reply'
),

events as (
    select
        replies.org_id,
        replies.ticket_id,
        replies.comment_id,
        replies.reply_no,
        replies.replied_at as happened_at,
        replies.agent_id,
        replies.metric,
        replies.waited_since,
        spans.calendar_minutes,
        spans.business_cumulative_minutes,
        spans.business_last_minutes
    from replies
    left join spans
        on
            replies.org_id = spans.org_id
            and replies.ticket_id = spans.ticket_id
            and replies.comment_id = spans.event_id
            and replies.metric = spans.metric
),

placed as (
    {{ with_dimensions('events') }}
)

select
    placed.org_id,
    placed.ticket_id,
    placed.comment_id,
    placed.reply_no,
    placed.happened_at,
    {{ day_of('placed.happened_at') }} as metric_day,
    placed.agent_id,
    placed.metric,
    placed.waited_since,
    placed.calendar_minutes,
    placed.business_cumulative_minutes,
    placed.business_last_minutes,
    placed.group_id,
    placed.channel,
    placed.brand_id,
    placed.priority
from placed
inner join organizations on placed.org_id = organizations.org_id
