-- Grain: one row a ticket that was solved and category of the scorecard that applies to it, and one
-- of all of them together: overall.
{{ config(materialized='fact', unique_key=['org_id', 'ticket_id', 'category']) }}
with organizations as (
    select * from {{ ref('stg_organizations') }}
),

marks as (
    select * from {{ ref('int_quality_marks') }}
),

labelled as (
    select * from {{ ref('int_labelled_tickets') }}
),

first_solves as (
    select
        org_id,
        ticket_id,
        solved_at as happened_at
    from {{ ref('int_ticket_first_solves') }}
),

placed as (
    {{ with_dimensions('first_solves') }}
),

-- Several models may have judged the parts of one score: it is of all of them.
overall as (
    select
        org_id,
        ticket_id,
        string_agg(distinct model_version, ' / ' order by model_version asc) as model_version,
        case
            when bool_or(is_critical and not is_passed) then 0
            else round(
                100 * sum(weight::numeric * score::numeric) / nullif(sum(weight::numeric), 0), 1
            )
        end::double precision as score,
        bool_and(is_passed) as is_passed,
        bool_or(is_critical and not is_passed) as is_critical_fail
    from marks
    group by org_id, ticket_id
),

scores as (
    select
        org_id,
        ticket_id,
        category,
        model_version,
        100 * score as score,
        is_passed,
        is_critical and not is_passed as is_critical_fail
    from marks
    union all
    select
        org_id,
        ticket_id,
        'overall' as category,
        model_version,
        score,
        is_passed,
        is_critical_fail
    from overall
    -- nothing that applies has a weight
    where score is not null
)

select
    scores.org_id,
    scores.ticket_id,
    scores.category,
    scores.model_version,
    scores.score,
    scores.is_passed as passed,
    scores.is_critical_fail,
    -- people judge steps of procedures: of no other category is there a label
    scores.category in ('procedure', 'overall') and labelled.ticket_id is not null as is_labelled,
    scores.category in ('procedure', 'overall') and coalesce(labelled.is_agreed, false)
        as is_agreed,
    placed.happened_at,
    {{ day_of('placed.happened_at') }} as metric_day,
    placed.group_id,
    placed.channel,
    placed.brand_id,
    placed.priority
from scores
inner join organizations on scores.org_id = organizations.org_id
inner join placed
    on
        scores.org_id = placed.org_id
        and scores.ticket_id = placed.ticket_id
left join labelled
    on
        scores.org_id = labelled.org_id
        and scores.ticket_id = labelled.ticket_id
