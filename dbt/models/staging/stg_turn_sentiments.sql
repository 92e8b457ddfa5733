-- Grain: one row a turn of a customer and model that scored it.
select
    org_id,
    comment_id,
    turn_no,
    model_version,
    ticket_id,
    speaker,
    score,
    label,
    said_at,
    loaded_at
from {{ source('ai', 'turn_sentiments') }}
