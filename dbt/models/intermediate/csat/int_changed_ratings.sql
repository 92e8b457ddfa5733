-- Grain: one row a satisfaction rating, given or only offered, of a changed ticket.
{{ config(materialized='slice', indexes=[{'columns': ['org_id', 'ticket_id']}]) }}
select
    held.org_id,
    held.rating_id,
    held.ticket_id,
    held.rating_score,
    held.created_at,
    held.changed_at
from {{ ref('stg_satisfaction_ratings') }} as held
inner join {{ ref('int_changed_tickets') }} as changed
    on
        held.org_id = changed.org_id
        and held.ticket_id = changed.ticket_id
