-- Grain: one row an organization, day (in its time zone), group, channel, brand,
-- priority, step of a procedure in one version, and model.
{{ config(
    materialized='daily',
    unique_key=[
        'org_id',
        'metric_day',
        'group_id',
        'channel',
        'brand_id',
        'priority',
        'document_id',
        'step_no',
        'sop_version',
        'model_version',
    ]
) }}
with days as (
    select * from {{ ref('int_open_days') }}
    where is_changed
),

facts as (
    select * from {{ ref('fct_sop_check') }}
    where happened_at <= {{ as_of() }}
),

groups as (
    select * from {{ ref('stg_groups') }}
),

brands as (
    select * from {{ ref('stg_brands') }}
),

counted as (
    select
        days.org_id,
        days.metric_day,
        days.utc_offset_minutes,
        facts.group_id,
        facts.channel,
        facts.brand_id,
        facts.priority,
        facts.document_id,
        facts.document_title,
        facts.step_no,
        facts.sop_version,
        facts.model_version,
        count(*) filter (where facts.verdict <> 'not_applicable') as applicable,
        count(*) filter (where facts.verdict = 'met') as passed,
        count(*) filter (where facts.verdict = 'not_met') as failed,
        count(*) filter (where facts.verdict = 'not_applicable') as not_applicable,
        count(*) filter (where facts.verdict = 'unknown') as abstained
    from days
    inner join facts
        on
            days.org_id = facts.org_id
            and days.metric_day = facts.metric_day
    group by
        days.org_id,
        days.metric_day,
        days.utc_offset_minutes,
        facts.group_id,
        facts.channel,
        facts.brand_id,
        facts.priority,
        facts.document_id,
        facts.document_title,
        facts.step_no,
        facts.sop_version,
        facts.model_version
)

select
    counted.org_id,
    counted.metric_day,
    counted.group_id,
    coalesce(groups.group_name, 'none') as group_name,
    counted.channel,
    counted.brand_id,
    coalesce(brands.brand_name, 'none') as brand_name,
    counted.priority,
    counted.document_id,
    counted.document_title,
    counted.step_no,
    counted.sop_version,
    counted.model_version,
    counted.applicable::integer as applicable,
    counted.passed::integer as passed,
    counted.failed::integer as failed,
    counted.not_applicable::integer as not_applicable,
    counted.abstained::integer as abstained,
    counted.utc_offset_minutes
from counted
left join groups
    on
        counted.org_id = groups.org_id
        and counted.group_id = groups.group_id
left join brands
    on
        counted.org_id = brands.org_id
        and counted.brand_id = brands.brand_id
