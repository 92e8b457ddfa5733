-- Grain: one row a metric event: a clock of a ticket starts, stops or ends, or its target changes.
select
    org_id,
    id as event_id,
    ticket_id,
    metric,
    coalesce(instance_id, 0) as instance_id,
    type as event_type,
    sla_policy_id as policy_id,
    sla_target_minutes as target_minutes,
    coalesce(sla_in_business_hours, false) as is_in_business_hours,
    calendar_minutes,
    business_minutes,
    coalesce(deleted, false) as is_deleted,
    created_at as happened_at,
    loaded_at
from {{ source('zendesk', 'metric_events') }}
