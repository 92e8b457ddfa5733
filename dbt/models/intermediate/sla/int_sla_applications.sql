-- Grain: one row each time that a target begins to bind an instance of a metric. Saying the same
-- target again begins nothing; of several said at one instant the last counts.
with events as (
    select * from {{ ref('int_changed_metric_events') }}
    where event_type in ('apply_sla', 'apply_group_sla')
),

ranked as (
    select
        org_id,
        ticket_id,
        metric,
        instance_id,
        event_id,
        case event_type when 'apply_group_sla' then 'group' else 'ticket' end as sla_type,
        policy_id,
        target_minutes,
        is_in_business_hours,
        happened_at,
        row_number() over (
            partition by org_id, ticket_id, metric, instance_id, event_type, happened_at
            order by event_id desc
        ) as place_from_last
    from events
),

compared as (
    select
        org_id,
        ticket_id,
        metric,
        instance_id,
        event_id,
        sla_type,
        policy_id,
        target_minutes,
        is_in_business_hours,
        happened_at,
        lag(policy_id) over instances as previous_policy_id,
        lag(target_minutes) over instances as previous_target_minutes,
        lag(is_in_business_hours) over instances as previous_is_in_business_hours
    from ranked
    where place_from_last = 1
    window instances as (
        partition by org_id, ticket_id, metric, instance_id, sla_type order by happened_at asc
    )
),

bounded as (
    select
        org_id,
        ticket_id,
        metric,
        instance_id,
        event_id,
        sla_type,
        policy_id,
        target_minutes,
        is_in_business_hours,
        happened_at as applied_at,
        lead(happened_at) over instances as ended_at,
        lead(target_minutes) over instances as next_target_minutes
    from compared
    where
        policy_id is distinct from previous_policy_id
        or target_minutes is distinct from previous_target_minutes
        or is_in_business_hours is distinct from previous_is_in_business_hours
    window instances as (
        partition by org_id, ticket_id, metric, instance_id, sla_type order by happened_at asc
    )
)

select
    org_id,
    ticket_id,
    metric,
    instance_id,
    event_id,
    sla_type,
    policy_id,
    target_minutes,
    is_in_business_hours,
    applied_at,
    ended_at,
    -- an event without a target says that none binds the ticket any more
    case
        when ended_at is not null and next_target_minutes is null then 'target removed'
        when ended_at is not null then 'target replaced'
    end as ended_by
from bounded
where target_minutes is not null
