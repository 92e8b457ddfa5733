-- Grain: one row an organization, day, task, provider and model.
{{ config(
    materialized='daily',
    unique_key=['org_id', 'metric_day', 'task', 'provider', 'model_version']
) }}
with days as (
    select * from {{ ref('int_open_days') }}
    where is_changed
),

-- the days first: what was counted before is not read again
facts as (
    select facts.*
    from days
    inner join {{ ref('fct_ai_coverage') }} as facts
        on
            days.org_id = facts.org_id
            and days.metric_day = facts.metric_day
    where facts.happened_at <= {{ as_of() }}
),

usage as (
    select * from {{ ref('stg_model_usage') }}
),

unioned as (
    select
        org_id,
        metric_day,
        task,
        provider,
        model_version,
        count(*) as eligible,
        count(*) filter (where outcome = 'scored') as scored,
        count(*) filter (where outcome = 'opted_out') as opted_out,
        count(*) filter (where outcome = 'failed') as failed,
        count(*) filter (where outcome = 'pending') as pending,
        0::bigint as calls,
        0::bigint as input_tokens,
        0::bigint as output_tokens,
        0::numeric as cost_usd,
        0::bigint as latency_n,
        0::double precision as latency_sum_ms,
        '{}'::bigint[] as latency_histogram
    from facts
    group by org_id, metric_day, task, provider, model_version
    union all
    -- The ledger's days are UTC's; they stand beside the organization's days of the same date.
    select
        org_id,
        used_on as metric_day,
        capability as task,
        provider,
        model as model_version,
        0 as eligible,
        0 as scored,
        0 as opted_out,
        0 as failed,
        0 as pending,
        calls,
        input_tokens,
        output_tokens,
        cost_usd,
        latency_n,
        latency_sum_ms,
        latency_histogram
    from usage
)

select
    days.org_id,
    days.metric_day,
    unioned.task,
    unioned.provider,
    unioned.model_version,
    sum(unioned.eligible)::integer as eligible,
    sum(unioned.scored)::integer as scored,
    sum(unioned.opted_out)::integer as opted_out,
    sum(unioned.failed)::integer as failed,
    sum(unioned.pending)::integer as pending,
    sum(unioned.calls)::bigint as calls,
    sum(unioned.input_tokens)::bigint as input_tokens,
    sum(unioned.output_tokens)::bigint as output_tokens,
    -- one price that is not known makes the sum unknown
    case when bool_and(unioned.cost_usd is not null) then sum(unioned.cost_usd) end as cost_usd,
    sum(unioned.latency_n)::bigint as latency_n,
    sum(unioned.latency_sum_ms::numeric)::double precision as latency_sum_ms,
    bi.sum_histograms(unioned.latency_histogram) as latency_histogram,
    days.utc_offset_minutes
from days
inner join unioned
    on
        days.org_id = unioned.org_id
        and days.metric_day = unioned.metric_day
group by
    days.org_id,
    days.metric_day,
    days.utc_offset_minutes,
    unioned.task,
    unioned.provider,
    unioned.model_version
