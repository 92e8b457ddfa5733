-- Grain: one row a changed ticket and category of the scorecard that applies to it.
with scores as (
    select * from {{ ref('int_changed_quality_scores') }}
    where score is not null
),

assessments as (
    select * from {{ ref('int_changed_assessments') }}
),

verdicts as (
    select * from {{ ref('int_sop_verdicts') }}
    where is_latest and verdict in ('met', 'not_met')
),

scorecard as (
    select * from {{ ref('stg_scorecard') }}
),

marks as (
    select
        scores.org_id,
        scores.ticket_id,
        scores.category,
        scores.score,
        coalesce(assessments.model_version, 'none') as model_version
    from scores
    left join assessments
        on
            scores.org_id = assessments.org_id
            and scores.ticket_id = assessments.ticket_id
    union all
    -- The share of the judged steps that were done, whichever procedures they are of.
    select
        org_id,
        ticket_id,
        'procedure' as category,
        avg(case verdict when 'met' then 1 else 0 end)::double precision as score,
        string_agg(distinct model_version, ' / ' order by model_version asc) as model_version
    from verdicts
    group by org_id, ticket_id
)

select
    marks.org_id,
    marks.ticket_id,
    marks.category,
    marks.score,
    marks.model_version,
    scorecard.weight,
    scorecard.is_critical,
    marks.score >= scorecard.pass_at as is_passed
from marks
inner join scorecard
    on
        marks.org_id = scorecard.org_id
        and marks.category = scorecard.category
