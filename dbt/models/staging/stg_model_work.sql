-- Grain: one row a ticket, task and model that has read it.
select
    org_id,
    ticket_id,
    task,
    model_version,
    loaded_at
from {{ source('ai', 'ticket_work') }}
