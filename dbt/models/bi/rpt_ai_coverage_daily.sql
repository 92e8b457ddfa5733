-- Grain: one row an organization, day (in its time zone), task, provider and version of the model.
select
    org_id,
    metric_day,
    utc_offset_minutes,
    task,
    provider,
    model_version,
    eligible,
    scored,
    opted_out,
    failed,
    pending,
    calls,
    input_tokens,
    output_tokens,
    cost_usd,
    latency_n,
    latency_sum_ms,
    latency_histogram
from {{ ref('fct_ai_coverage_daily') }}
