-- Grain: one row a comment of a changed ticket.
{{ config(materialized='slice', indexes=[{'columns': ['org_id', 'ticket_id']}]) }}
select
    held.org_id,
    held.comment_id,
    held.ticket_id,
    held.author_id,
    held.author_role,
    held.is_public,
    held.created_at
from {{ ref('stg_comments') }} as held
inner join {{ ref('int_changed_tickets') }} as changed
    on
        held.org_id = changed.org_id
        and held.ticket_id = changed.ticket_id
