-- Grain: one row a ticket whose requester was asked for a classic rating, when first asked.
with ratings as (
    select * from {{ ref('int_changed_ratings') }}
    where rating_score <> 'unoffered'
),

changes as (
    select * from {{ ref('int_changed_fields') }}
    where field_name = 'satisfaction_score' and new_value = 'offered'
),

unioned as (
    select
        org_id,
        ticket_id,
        created_at as offered_at
    from ratings
    union all
    select
        org_id,
        ticket_id,
        changed_at as offered_at
    from changes
)

select
    org_id,
    ticket_id,
    min(offered_at) as offered_at
from unioned
group by org_id, ticket_id
