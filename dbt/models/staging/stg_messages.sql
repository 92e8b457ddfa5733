-- Grain: one row a message that was to be posted.
select
    org_id,
    message_key,
    split_part(message_key, '/', 1) as message_kind,
    posted_at,
    refused_at
from {{ source('app', 'outbox') }}
