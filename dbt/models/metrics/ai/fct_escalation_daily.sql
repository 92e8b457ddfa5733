-- Grain: one row an organization, day (in its time zone), trigger and tier.
{{ config(
    materialized='daily',
    unique_key=['org_id', 'metric_day', 'trigger', 'tier']
) }}
with organizations as (
    select * from {{ ref('stg_organizations') }}
),

days as (
    select * from {{ ref('int_open_days') }}
    where is_changed
),

-- the days first: what was counted before is not read again
facts as (
    select facts.*
    from days
    inner join {{ ref('fct_escalation') }} as facts
        on
            days.org_id = facts.org_id
            and days.metric_day = facts.metric_day
    where facts.happened_at <= {{ as_of() }}
),

messages as (
    select
        org_id,
        message_kind,
        case when posted_at is null then 'failed' else 'posted' end as event_name,
        coalesce(posted_at, refused_at) as happened_at
    from {{ ref('stg_messages') }}
    where
        coalesce(posted_at, refused_at) <= {{ as_of() }}
        -- a reminder of what people asked for by right escalates no ticket
        and message_kind <> 'privacy-due'
),

unioned as (
    select
        org_id,
        metric_day,
        trigger_name,
        tier,
        event_name,
        minutes_since_raised
    from facts
    union all
    -- A message is of all that it tells: it has a kind, and no tier.
    select
        messages.org_id,
        {{ day_of('messages.happened_at') }} as metric_day,
        messages.message_kind as trigger_name,
        'none' as tier,
        messages.event_name,
        null::double precision as minutes_since_raised
    from messages
    inner join organizations on messages.org_id = organizations.org_id
),

counted as (
    select
        org_id,
        metric_day,
        trigger_name,
        tier,
        count(*) filter (where event_name = 'opened') as opened,
        count(*) filter (where event_name = 'acknowledged') as acknowledged,
        count(*) filter (where event_name = 'resolved') as resolved,
        -- exact: a sum of floats depends on the order of its rows, and a day built again must be
        -- the same to the last digit
        coalesce(
            sum(minutes_since_raised::numeric) filter (where event_name = 'acknowledged'), 0
        )::double precision as ack_sum_minutes,
        count(*) filter (where event_name = 'posted') as posted,
        count(*) filter (where event_name = 'failed') as failed
    from unioned
    group by org_id, metric_day, trigger_name, tier
),

bucketed as (
    select
        org_id,
        metric_day,
        trigger_name,
        tier,
        bi.bucket(minutes_since_raised) as bucket,
        count(*) as n
    from unioned
    where event_name = 'acknowledged'
    group by org_id, metric_day, trigger_name, tier, bi.bucket(minutes_since_raised)
),

histograms as (
    select
        org_id,
        metric_day,
        trigger_name,
        tier,
        bi.histogram(bucket, n order by bucket asc) as ack_histogram
    from bucketed
    group by org_id, metric_day, trigger_name, tier
)

select
    days.org_id,
    days.metric_day,
    counted.trigger_name as trigger,
    counted.tier,
    counted.opened::integer as opened,
    counted.acknowledged::integer as acknowledged,
    counted.resolved::integer as resolved,
    counted.acknowledged::integer as ack_n,
    counted.ack_sum_minutes,
    coalesce(histograms.ack_histogram, '{}') as ack_histogram,
    counted.posted::integer as posted,
    counted.failed::integer as failed,
    days.utc_offset_minutes
from days
inner join counted
    on
        days.org_id = counted.org_id
        and days.metric_day = counted.metric_day
left join histograms
    on
        counted.org_id = histograms.org_id
        and counted.metric_day = histograms.metric_day
        and counted.trigger_name = histograms.trigger_name
        and counted.tier = histograms.tier
