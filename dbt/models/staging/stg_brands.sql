-- Grain: one row a brand.
select
    org_id,
    id as brand_id,
    name as brand_name
from {{ source('zendesk', 'brands') }}
