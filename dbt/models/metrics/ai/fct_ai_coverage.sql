-- Grain: one row a thing of a ticket that a model is to read, and what became of that.
{{ config(
    materialized='fact',
    unique_key=['org_id', 'ticket_id', 'task', 'unit_key', 'metric_day']
) }}
with organizations as (
    select * from {{ ref('stg_organizations') }}
),

units as (
    select * from {{ ref('int_model_units') }}
),

tickets as (
    select * from {{ ref('int_changed_ticket_rows') }}
),

opt_outs as (
    select * from {{ ref('int_changed_opt_outs') }}
),

recordings as (
    select
        org_id,
        ticket_id,
        call_id || '/' || kind as unit_key,
        recording_state
    from {{ ref('int_changed_recordings') }}
),

readings as (
    select * from {{ ref('int_model_readings') }}
),

told as (
    select
        units.org_id,
        units.ticket_id,
        units.task,
        units.unit_key,
        units.happened_at,
        coalesce(readings.provider, 'none') as provider,
        coalesce(readings.model_version, 'none') as model_version,
        tickets.deleted_at,
        case
            when opt_outs.ticket_id is not null then 'opted_out'
            -- the caller was asked, and said no
            when recordings.recording_state = 'declined' then 'opted_out'
            when recordings.recording_state = 'transcribed' then 'scored'
            when recordings.recording_state in ('refused', 'gone', 'undecodable') then 'failed'
            when readings.is_failed then 'failed'
            when readings.ticket_id is not null then 'scored'
            else 'pending'
        end as outcome
    from units
    left join tickets
        on
            units.org_id = tickets.org_id
            and units.ticket_id = tickets.ticket_id
    left join opt_outs
        on
            units.org_id = opt_outs.org_id
            and units.ticket_id = opt_outs.ticket_id
    left join recordings
        on
            units.org_id = recordings.org_id
            and units.ticket_id = recordings.ticket_id
            and units.unit_key = recordings.unit_key
    left join readings
        on
            units.org_id = readings.org_id
            and units.ticket_id = readings.ticket_id
            and units.task = readings.task
)

select
    told.org_id,
    told.ticket_id,
    told.task,
    told.unit_key,
    case when told.outcome in ('scored', 'failed') then told.provider else 'none' end as provider,
    case when told.outcome in ('scored', 'failed') then told.model_version else 'none' end
        as model_version,
    told.outcome,
    told.happened_at,
    {{ day_of('told.happened_at') }} as metric_day
from told
inner join organizations on told.org_id = organizations.org_id
-- of a deleted ticket there are no words any more: it waits for nothing
where told.deleted_at is null or told.outcome <> 'pending'
