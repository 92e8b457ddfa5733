-- Grain: one row a ticket, step of a procedure in one version, and model that judged it.
select
    org_id,
    ticket_id,
    document_id,
    step_no,
    encode(sop_version, 'hex') as sop_version,
    model_version,
    verdict,
    loaded_at
from {{ source('ai', 'sop_checks') }}
