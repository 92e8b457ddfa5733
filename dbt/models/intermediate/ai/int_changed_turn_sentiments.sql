-- Grain: one row a scored turn of a changed ticket.
{{ config(materialized='slice', indexes=[{'columns': ['org_id', 'ticket_id']}]) }}
select
    held.org_id,
    held.comment_id,
    held.turn_no,
    held.model_version,
    held.ticket_id,
    held.speaker,
    held.score,
    held.label,
    held.said_at
from {{ ref('stg_turn_sentiments') }} as held
inner join {{ ref('int_changed_tickets') }} as changed
    on
        held.org_id = changed.org_id
        and held.ticket_id = changed.ticket_id
