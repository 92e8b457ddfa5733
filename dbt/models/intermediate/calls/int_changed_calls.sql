-- Grain: one row a call that was loaded since the published build. A call may have no ticket.
{{ config(materialized='slice', unique_key=['org_id', 'call_id']) }}
select
    org_id,
    call_id,
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
    is_voicemail,
    is_callback,
    started_at
from {{ ref('stg_calls') }}
where loaded_at > {{ loaded_after() }}
