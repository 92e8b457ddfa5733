-- Grain: one row a turn of a customer and model that scored it.
{# What the digest calls unhappy, here of the way from the first turn to the last. #}
{%- set worsened_at_most = -0.4 -%}
{{ config(
    materialized='fact',
    unique_key=['org_id', 'ticket_id', 'comment_id', 'turn_no', 'model_version']
) }}
with organizations as (
    select * from {{ ref('stg_organizations') }}
),

turns as (
    select
        org_id,
        ticket_id,
        comment_id,
        turn_no,
        model_version,
        coalesce(speaker, 'unknown') as speaker,
        score,
        case
            when label in ('positive', 'very_positive') then 'positive'
            when label in ('negative', 'very_negative') then 'negative'
            else 'neutral'
        end as mood,
        said_at as happened_at,
        row_number() over (
            partition by org_id, ticket_id, model_version
            order by said_at desc, comment_id desc, turn_no desc
        ) = 1 as is_last
    from {{ ref('int_changed_turn_sentiments') }}
),

tickets as (
    select * from {{ ref('int_changed_ticket_sentiments') }}
),

placed as (
    {{ with_dimensions('turns') }}
)

select
    placed.org_id,
    placed.ticket_id,
    placed.comment_id,
    placed.turn_no,
    placed.model_version,
    placed.speaker,
    placed.score,
    placed.mood,
    -- the ticket's course is told once, with its customer's last turn
    coalesce(placed.is_last and tickets.sentiment_change <= {{ worsened_at_most }}, false)
        as is_worsened,
    placed.happened_at,
    {{ day_of('placed.happened_at') }} as metric_day,
    placed.group_id,
    placed.channel,
    placed.brand_id,
    placed.priority
from placed
inner join organizations on placed.org_id = organizations.org_id
left join tickets
    on
        placed.org_id = tickets.org_id
        and placed.ticket_id = tickets.ticket_id
        and placed.model_version = tickets.model_version
