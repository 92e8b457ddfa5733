-- Grain: one row an answered satisfaction survey about a changed ticket.
{{ config(materialized='slice', indexes=[{'columns': ['org_id', 'ticket_id']}]) }}
select
    held.org_id,
    held.response_id,
    held.ticket_id,
    held.rating_score,
    held.rating_category,
    held.changed_at
from {{ ref('stg_survey_responses') }} as held
inner join {{ ref('int_changed_tickets') }} as changed
    on
        held.org_id = changed.org_id
        and held.ticket_id = changed.ticket_id
