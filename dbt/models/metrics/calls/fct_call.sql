-- Grain: one row a telephone call, with or without a ticket.
{{ config(
    materialized='fact',
    unique_key=['org_id', 'call_id'],
    changed_by='call_id',
    changed_in='int_changed_calls'
) }}
with organizations as (
    select * from {{ ref('stg_organizations') }}
),

calls as (
    select * from {{ ref('int_changed_calls') }}
),

-- An account whose calls are read from its tickets tells neither how a call ended nor who waited
-- how long: then who spoke with an agent was answered, and the rest is not known.
told as (
    select
        org_id,
        call_id,
        ticket_id,
        agent_id,
        coalesce(group_id, 0) as group_id,
        coalesce(line_id, 0) as line_id,
        coalesce(line_type, 'none') as line_type,
        coalesce(direction, 'none') as direction,
        completion_status is not null as is_timed,
        is_callback,
        wait_seconds,
        talk_seconds,
        hold_seconds,
        wrap_up_seconds,
        started_at,
        case
            when is_voicemail or completion_status = 'pending_voicemail' then 'voicemail'
            when completion_status = 'abandoned_in_queue' then 'abandoned_queue'
            when completion_status = 'abandoned_in_ivr' then 'abandoned_ivr'
            when completion_status = 'abandoned_in_voicemail' then 'abandoned_voicemail'
            -- who hangs up on hold had been answered
            when
                agent_id is not null
                and coalesce(completion_status, 'completed') in ('completed', 'abandoned_on_hold')
                then 'answered'
            else 'not_answered'
        end as outcome
    from calls
)

select
    told.org_id,
    told.call_id,
    told.ticket_id,
    told.agent_id,
    told.group_id,
    told.line_id,
    told.line_type,
    told.direction,
    told.outcome,
    told.is_timed,
    told.is_callback,
    told.started_at,
    {{ day_of('told.started_at') }} as metric_day,
    extract(hour from told.started_at at time zone organizations.timezone)::smallint as hour,
    told.wait_seconds,
    told.talk_seconds,
    told.hold_seconds,
    told.wrap_up_seconds
from told
inner join organizations on told.org_id = organizations.org_id
