-- Grain: one row a person, changed ticket and step of a procedure that the person judged.
{{ config(materialized='slice', indexes=[{'columns': ['org_id', 'ticket_id']}]) }}
select
    held.org_id,
    held.ticket_id,
    held.document_id,
    held.step_no,
    held.sop_version,
    held.labelled_by,
    held.verdict,
    held.labelled_at
from {{ ref('stg_step_labels') }} as held
inner join {{ ref('int_changed_tickets') }} as changed
    on
        held.org_id = changed.org_id
        and held.ticket_id = changed.ticket_id
