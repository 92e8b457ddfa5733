-- Grain: one row a verdict on a step of a procedure in a changed ticket.
{{ config(materialized='slice', indexes=[{'columns': ['org_id', 'ticket_id']}]) }}
select
    held.org_id,
    held.ticket_id,
    held.document_id,
    held.step_no,
    held.sop_version,
    held.model_version,
    held.verdict,
    held.loaded_at
from {{ ref('stg_sop_checks') }} as held
inner join {{ ref('int_changed_tickets') }} as changed
    on
        held.org_id = changed.org_id
        and held.ticket_id = changed.ticket_id
