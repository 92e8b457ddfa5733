-- Grain: one row a ticket and model that scored its turns.
select
    org_id,
    ticket_id,
    model_version,
    sentiment_change,
    loaded_at
from {{ source('ai', 'ticket_scores') }}
