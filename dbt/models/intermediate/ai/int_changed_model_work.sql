-- Grain: one row a changed ticket, task and model that has read it.
{{ config(materialized='slice', indexes=[{'columns': ['org_id', 'ticket_id']}]) }}
select
    held.org_id,
    held.ticket_id,
    held.task,
    held.model_version,
    held.loaded_at
from {{ ref('stg_model_work') }} as held
inner join {{ ref('int_changed_tickets') }} as changed
    on
        held.org_id = changed.org_id
        and held.ticket_id = changed.ticket_id
