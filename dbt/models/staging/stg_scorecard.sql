-- Grain: one row a category of the organization's scorecard.
select
    org_id,
    category,
    weight,
    critical as is_critical,
    pass_at
from {{ source('ai', 'scorecard') }}
