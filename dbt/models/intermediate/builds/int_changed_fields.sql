-- Grain: one row a change of one field of a changed ticket.
{{ config(materialized='slice', indexes=[{'columns': ['org_id', 'ticket_id']}]) }}
select
    held.org_id,
    held.change_id,
    held.audit_id,
    held.ticket_id,
    held.event_type,
    held.field_name,
    held.previous_value,
    held.new_value,
    held.changed_at
from {{ ref('stg_field_changes') }} as held
inner join {{ ref('int_changed_tickets') }} as changed
    on
        held.org_id = changed.org_id
        and held.ticket_id = changed.ticket_id
