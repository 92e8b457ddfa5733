-- Grain: one row an offer to rate a ticket, and one row each answer.
{{ config(
    materialized='fact',
    unique_key=['org_id', 'ticket_id', 'survey_type', 'event_name', 'answer_key']
) }}
with organizations as (
    select * from {{ ref('stg_organizations') }}
),

assignees as (
    select * from {{ ref('int_ticket_assignees') }}
),

events as (
    select
        org_id,
        ticket_id,
        'classic' as survey_type,
        'offered' as event_name,
        'offer' as answer_key,
        offered_at as happened_at,
        null::text as answer,
        null::double precision as score,
        null::boolean as is_first
    from {{ ref('int_ticket_offers') }}
    union all
    select
        org_id,
        ticket_id,
        survey_type,
        'answered' as event_name,
        answer_key,
        happened_at,
        answer,
        score,
        is_first
    from {{ ref('int_ticket_answers') }}
),

placed as (
    {{ with_dimensions('events') }}
)

select
    placed.org_id,
    placed.ticket_id,
    placed.survey_type,
    placed.event_name,
    placed.answer_key,
    placed.happened_at,
    {{ day_of('placed.happened_at') }} as metric_day,
    placed.answer,
    placed.score,
    placed.is_first,
    assignees.agent_id,
    placed.group_id,
    placed.channel,
    placed.brand_id,
    placed.priority
from placed
inner join organizations on placed.org_id = organizations.org_id
left join assignees
    on
        placed.org_id = assignees.org_id
        and placed.ticket_id = assignees.ticket_id
        and placed.happened_at >= assignees.from_at
        and placed.happened_at < assignees.to_at
