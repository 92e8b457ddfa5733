-- Grain: one row a changed ticket that is loaded.
{{ config(materialized='slice', indexes=[{'columns': ['org_id', 'ticket_id']}]) }}
select
    held.org_id,
    held.ticket_id,
    held.status,
    held.priority,
    held.via_channel,
    held.group_id,
    held.brand_id,
    held.requester_id,
    held.assignee_id,
    held.merged_into_id,
    held.created_at,
    held.updated_at,
    held.deleted_at
from {{ ref('stg_tickets') }} as held
inner join {{ ref('int_changed_tickets') }} as changed
    on
        held.org_id = changed.org_id
        and held.ticket_id = changed.ticket_id
