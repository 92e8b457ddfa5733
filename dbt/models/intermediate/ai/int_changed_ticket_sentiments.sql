-- Grain: one row a changed ticket and model that scored its turns.
{{ config(materialized='slice', indexes=[{'columns': ['org_id', 'ticket_id']}]) }}
select
    held.org_id,
    held.ticket_id,
    held.model_version,
    held.sentiment_change
from {{ ref('stg_ticket_sentiments') }} as held
inner join {{ ref('int_changed_tickets') }} as changed
    on
        held.org_id = changed.org_id
        and held.ticket_id = changed.ticket_id
