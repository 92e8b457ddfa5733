-- Grain: one row an assessed ticket.
select
    org_id,
    ticket_id,
    model_version,
    provider,
    fallback,
    loaded_at
from {{ source('ai', 'assessments') }}
