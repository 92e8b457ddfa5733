-- Grain: one row a ticket that models must not read.
select
    org_id,
    ticket_id
from {{ source('ai', 'opted_out_tickets') }}
