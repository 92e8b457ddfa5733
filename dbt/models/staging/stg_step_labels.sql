-- Grain: one row a person, ticket and step of a procedure that the person judged.
select
    org_id,
    ticket_id,
    document_id,
    step_no,
    encode(sop_version, 'hex') as sop_version,
    labelled_by,
    value as verdict,
    changed_at as labelled_at,
    loaded_at
from {{ source('ai', 'labels') }}
where target = 'step'
