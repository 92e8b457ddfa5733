-- Grain: one row each thing that became of an escalation of a changed ticket, by name.
with escalations as (
    select * from {{ ref('int_changed_escalations') }}
),

replies as (
    select * from {{ ref('int_public_agent_replies') }}
),

solves as (
    select * from {{ ref('int_ticket_solves') }}
),

acknowledged as (
    select
        escalations.org_id,
        escalations.ticket_id,
        escalations.trigger_name,
        min(replies.replied_at) as happened_at
    from escalations
    inner join replies
        on
            escalations.org_id = replies.org_id
            and escalations.ticket_id = replies.ticket_id
            and escalations.raised_at < replies.replied_at
    group by escalations.org_id, escalations.ticket_id, escalations.trigger_name
),

resolved as (
    select
        escalations.org_id,
        escalations.ticket_id,
        escalations.trigger_name,
        min(solves.solved_at) as happened_at
    from escalations
    inner join solves
        on
            escalations.org_id = solves.org_id
            and escalations.ticket_id = solves.ticket_id
            and escalations.raised_at < solves.solved_at
    group by escalations.org_id, escalations.ticket_id, escalations.trigger_name
),

unioned as (
    select
        org_id,
        ticket_id,
        trigger_name,
        'opened' as event_name,
        raised_at as happened_at
    from escalations
    union all
    select
        org_id,
        ticket_id,
        trigger_name,
        'acknowledged' as event_name,
        happened_at
    from acknowledged
    union all
    select
        org_id,
        ticket_id,
        trigger_name,
        'resolved' as event_name,
        happened_at
    from resolved
)

select
    unioned.org_id,
    unioned.ticket_id,
    unioned.trigger_name,
    escalations.tier,
    unioned.event_name,
    unioned.happened_at,
    extract(epoch from unioned.happened_at - escalations.raised_at)::double precision / 60
        as minutes_since_raised
from unioned
inner join escalations
    on
        unioned.org_id = escalations.org_id
        and unioned.ticket_id = escalations.ticket_id
        and unioned.trigger_name = escalations.trigger_name
