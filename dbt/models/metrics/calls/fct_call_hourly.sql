-- Grain: one row an organization, day and hour (in its time zone), group, line and direction.
{{ config(
    materialized='daily',
    unique_key=['org_id', 'metric_day', 'hour', 'group_id', 'line_id', 'line_type', 'direction']
) }}
with days as (
    select * from {{ ref('int_open_days') }}
    where is_changed
),

facts as (
    select * from {{ ref('fct_call') }}
    where started_at <= {{ as_of() }}
),

groups as (
    select * from {{ ref('stg_groups') }}
),

calls as (
    select
        days.org_id,
        days.metric_day,
        days.utc_offset_minutes,
        facts.hour,
        facts.group_id,
        facts.line_id,
        facts.line_type,
        facts.direction,
        facts.outcome,
        facts.is_timed,
        facts.is_callback,
        facts.wait_seconds,
        facts.talk_seconds,
        facts.hold_seconds,
        facts.wrap_up_seconds,
        facts.outcome = 'answered' as is_answered,
        -- who hangs up in the menu has not asked for anyone yet
        facts.outcome <> 'abandoned_ivr' as is_offered,
        facts.outcome = 'answered' and facts.wait_seconds is not null as is_wait_known,
        facts.outcome = 'answered' and facts.talk_seconds is not null as is_handled
    from days
    inner join facts
        on
            days.org_id = facts.org_id
            and days.metric_day = facts.metric_day
),

waits as (
    select
        org_id,
        metric_day,
        hour,
        group_id,
        line_id,
        line_type,
        direction,
        bi.bucket(wait_seconds::double precision) as bucket,
        count(*) as n
    from calls
    where is_wait_known
    group by
        org_id,
        metric_day,
        hour,
        group_id,
        line_id,
        line_type,
        direction,
        bi.bucket(wait_seconds::double precision)
),

histograms as (
    select
        org_id,
        metric_day,
        hour,
        group_id,
        line_id,
        line_type,
        direction,
        bi.histogram(bucket, n order by bucket) as wait_histogram
    from waits
    group by org_id, metric_day, hour, group_id, line_id, line_type, direction
),

counted as (
    select
        org_id,
        metric_day,
        utc_offset_minutes,
        hour,
        group_id,
        line_id,
        line_type,
        direction,
        count(*) filter (where is_offered) as offered,
        count(*) filter (where is_offered and is_timed) as offered_timed,
        count(*) filter (where is_answered) as answered,
        count(*) filter (where is_wait_known) as answered_timed,
        count(*) filter (where is_handled) as handled,
        count(*) filter (where outcome = 'abandoned_queue') as abandoned_queue,
        count(*) filter (where outcome = 'abandoned_ivr') as abandoned_ivr,
        count(*) filter (where outcome = 'voicemail') as voicemails,
        count(*) filter (
            where is_wait_known and wait_seconds <= {{ var('answer_target_seconds') }}
        ) as within_target,
        count(*) filter (where is_callback) as callbacks,
        coalesce(sum(wait_seconds) filter (where is_wait_known), 0) as wait_seconds_sum,
        -- Zendesk leaves out holding and wrapping up where there was none
        coalesce(sum(talk_seconds) filter (where is_handled), 0) as talk_seconds_sum,
        coalesce(sum(hold_seconds) filter (where is_handled), 0) as hold_seconds_sum,
        coalesce(sum(wrap_up_seconds) filter (where is_handled), 0) as wrap_up_seconds_sum
    from calls
    group by
        org_id,
        metric_day,
        utc_offset_minutes,
        hour,
        group_id,
        line_id,
        line_type,
        direction
)

select
    counted.org_id,
    counted.metric_day,
    counted.hour,
    counted.group_id,
    coalesce(groups.group_name, 'none') as group_name,
    counted.line_id,
    counted.line_type,
    counted.direction,
    counted.offered::integer as offered,
    counted.offered_timed::integer as offered_timed,
    counted.answered::integer as answered,
    counted.answered_timed::integer as answered_timed,
    counted.handled::integer as handled,
    counted.abandoned_queue::integer as abandoned_queue,
    counted.abandoned_ivr::integer as abandoned_ivr,
    counted.voicemails::integer as voicemails,
    counted.within_target::integer as within_target,
    counted.callbacks::integer as callbacks,
    counted.wait_seconds_sum::double precision as wait_seconds_sum,
    counted.talk_seconds_sum::double precision as talk_seconds_sum,
    counted.hold_seconds_sum::double precision as hold_seconds_sum,
    counted.wrap_up_seconds_sum::double precision as wrap_up_seconds_sum,
    coalesce(histograms.wait_histogram, '{}') as wait_histogram,
    counted.utc_offset_minutes
from counted
left join histograms
    on
        counted.org_id = histograms.org_id
        and counted.metric_day = histograms.metric_day
        and counted.hour = histograms.hour
        and counted.group_id = histograms.group_id
        and counted.line_id = histograms.line_id
        and counted.line_type = histograms.line_type
        and counted.direction = histograms.direction
left join groups
    on
        counted.org_id = groups.org_id
        and counted.group_id = groups.group_id
