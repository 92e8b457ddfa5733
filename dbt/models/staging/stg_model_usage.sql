-- Grain: one row a day (in UTC), capability, provider and model.
select
    org_id,
    used_on,
    capability,
    provider,
    model,
    calls,
    input_tokens,
    output_tokens,
    cost_usd,
    latency_n,
    latency_sum_ms,
    latency_histogram,
    last_at
from {{ source('ai', 'usage') }}
