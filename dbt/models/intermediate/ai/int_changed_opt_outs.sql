-- Grain: one row a changed ticket that models must not read.
{{ config(materialized='slice', indexes=[{'columns': ['org_id', 'ticket_id']}]) }}
select
    held.org_id,
    held.ticket_id
from {{ ref('stg_opted_out_tickets') }} as held
inner join {{ ref('int_changed_tickets') }} as changed
    on
        held.org_id = changed.org_id
        and held.ticket_id = changed.ticket_id
