-- Grain: one row a changed ticket and trigger that raised it.
{{ config(materialized='slice', indexes=[{'columns': ['org_id', 'ticket_id']}]) }}
select
    held.org_id,
    held.ticket_id,
    held.trigger_name,
    held.tier,
    held.raised_at
from {{ ref('stg_escalations') }} as held
inner join {{ ref('int_changed_tickets') }} as changed
    on
        held.org_id = changed.org_id
        and held.ticket_id = changed.ticket_id
