-- Grain: one row a change of one field of a ticket, its creation included.
select
    org_id,
    id as change_id,
    audit_id,
    ticket_id,
    event_type,
    field_name,
    previous_value,
    value as new_value,
    created_at as changed_at,
    loaded_at
from {{ source('zendesk', 'audit_events') }}
where
    field_name in (
        'status',
        'custom_status_id',
        'group_id',
        'assignee_id',
        'priority',
        'schedule_id',
        'satisfaction_score',
        'merged_into_id'
    )
