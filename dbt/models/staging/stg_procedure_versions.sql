-- Grain: one row a document of the organization and version of it.
select
    org_id,
    document_id,
    encode(version, 'hex') as sop_version,
    title as document_title
from {{ source('knowledge', 'versions') }}
