-- Grain: one row a telephone call.
select
    org_id,
    id as call_id,
    ticket_id,
    agent_id,
    group_id,
    line_id,
    line_type,
    direction,
    completion_status,
    wait_seconds,
    talk_seconds,
    hold_seconds,
    wrap_up_seconds,
    coalesce(voicemail, false) as is_voicemail,
    coalesce(callback, false) as is_callback,
    created_at as started_at,
    loaded_at
from {{ source('zendesk', 'calls') }}
