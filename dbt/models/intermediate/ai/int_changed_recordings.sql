-- Grain: one row a recording of a changed ticket.
{{ config(materialized='slice', indexes=[{'columns': ['org_id', 'ticket_id']}]) }}
select
    held.org_id,
    held.call_id,
    held.kind,
    held.ticket_id,
    held.comment_id,
    held.recording_state
from {{ ref('stg_recordings') }} as held
inner join {{ ref('int_changed_tickets') }} as changed
    on
        held.org_id = changed.org_id
        and held.ticket_id = changed.ticket_id
