-- Grain: one row a custom status of the account.
select
    org_id,
    id as custom_status_id,
    status_category
from {{ source('zendesk', 'custom_statuses') }}
