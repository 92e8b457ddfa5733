-- Grain: one row a day on which models were used or messages went out since the published build:
-- what no ticket tells of.
with organizations as (
    select * from {{ ref('stg_organizations') }}
),

usage as (
    select * from {{ ref('stg_model_usage') }}
    where last_at > {{ loaded_after() }}
),

messages as (
    select
        org_id,
        coalesce(posted_at, refused_at) as ended_at
    from {{ ref('stg_messages') }}
)

select
    org_id,
    used_on as metric_day
from usage
union
select
    messages.org_id,
    {{ day_of('messages.ended_at') }} as metric_day
from messages
inner join organizations on messages.org_id = organizations.org_id
where messages.ended_at > {{ loaded_after() }}
