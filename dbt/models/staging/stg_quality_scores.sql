-- Grain: one row an assessed ticket and category of the scorecard that was judged by words.
select
    org_id,
    ticket_id,
    category,
    score,
    loaded_at
from {{ source('ai', 'quality_scores') }}
