-- Grain: one row a changed ticket and task: the model that has read it last.
with work as (
    select
        org_id,
        ticket_id,
        task,
        -- what all procedures said at that time is no part of the model
        case task
            when 'sop' then regexp_replace(model_version, '[+][0-9a-f]{12}$', '')
            else model_version
        end as model_version,
        loaded_at
    from {{ ref('int_changed_model_work') }}
),

assessments as (
    select * from {{ ref('int_changed_assessments') }}
),

-- The models elsewhere that were ever asked.
elsewhere as (
    select distinct
        org_id,
        capability,
        model
    from {{ ref('stg_model_usage') }}
    where provider = 'openai'
),

latest as (
    select distinct on (org_id, ticket_id, task)
        org_id,
        ticket_id,
        task,
        model_version
    from work
    order by org_id asc, ticket_id asc, task asc, loaded_at desc, model_version asc
)

select
    latest.org_id,
    latest.ticket_id,
    latest.task,
    latest.model_version,
    case
        when latest.task = 'assess' then coalesce(assessments.provider, 'none')
        when elsewhere.model is not null then 'openai'
        else 'local'
    end as provider,
    -- rules stood in for a model that gave no answer
    latest.task = 'assess' and assessments.fallback is not null as is_failed
from latest
left join assessments
    on
        latest.org_id = assessments.org_id
        and latest.ticket_id = assessments.ticket_id
left join elsewhere
    on
        latest.org_id = elsewhere.org_id
        and substring(latest.model_version from '^[^+@]+') = elsewhere.model
        and elsewhere.capability = case latest.task when 'embed' then 'embed' else 'analyse' end
