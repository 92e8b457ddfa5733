-- Grain: one row a recording of a call or voicemail.
select
    org_id,
    call_id,
    kind,
    ticket_id,
    comment_id,
    state as recording_state
from {{ source('zendesk', 'recordings') }}
