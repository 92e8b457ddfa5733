-- The measure of an organization that has set none: weights, which of them are critical, and the
-- score from which a category holds. Weights count beside each other, they need no sum.
create or replace view ai.scorecard with (security_invoker = true) as
with usual (category, weight, critical, pass_at) as (
    values
    ('greeting', 10::float8, false, 0.5::float8),
    ('empathy', 15::float8, false, 0.5::float8),
    ('solution', 35::float8, false, 0.5::float8),
    ('closing', 10::float8, false, 0.5::float8),
    ('readability', 10::float8, false, 0.5::float8),
    ('procedure', 20::float8, false, 1::float8)
)

select
    o.org_id,
    u.category,
    coalesce(s.weight, u.weight) as weight,
    coalesce(s.critical, u.critical) as critical,
    coalesce(s.pass_at, u.pass_at) as pass_at,
    s.category is not null as is_own
from app.organizations as o
cross join usual as u
left join app.scorecards as s on o.org_id = s.org_id and u.category = s.category;

-- Every category of a ticket that applies to it, with its score from 0 to 1. Of procedures, the
-- steps that are judged count, in the version that is in force, by whoever judged them last.
create or replace view ai.quality_marks with (security_invoker = true) as
with verdicts as (
    select distinct on (c.org_id, c.ticket_id, c.document_id, c.step_no)
        c.org_id,
        c.ticket_id,
        c.verdict
    from ai.sop_checks as c
    inner join knowledge.documents as d
        on c.org_id = d.org_id and c.document_id = d.document_id and c.sop_version = d.version
    order by
        c.org_id asc,
        c.ticket_id asc,
        c.document_id asc,
        c.step_no asc,
        c.loaded_at desc,
        c.model_version asc
),

marks as (
    select
        q.org_id,
        q.ticket_id,
        q.category,
        q.score
    from ai.quality_scores as q
    where q.score is not null
    union all
    select
        v.org_id,
        v.ticket_id,
        'procedure' as category,
        avg(case v.verdict when 'met' then 1 else 0 end)::float8 as score
    from verdicts as v
    where v.verdict in ('met', 'not_met')
    group by v.org_id, v.ticket_id
)

select
    m.org_id,
    m.ticket_id,
    m.category,
    m.score,
    s.weight,
    s.critical,
    m.score >= s.pass_at as passed
from marks as m
inner join ai.scorecard as s on m.org_id = s.org_id and m.category = s.category;

-- The quality of each ticket: 0 to 100, the weighted mean of what applies to it; 0 where a critical
-- category fails; null where nothing that applies has a weight.
create or replace view ai.ticket_quality with (security_invoker = true) as
select
    org_id,
    ticket_id,
    count(*)::integer as categories,
    count(*) filter (where not passed)::integer as failed,
    bool_or(critical and not passed) as failed_critical,
    case
        when bool_or(critical and not passed) then 0
        else round((100 * sum(weight * score) / nullif(sum(weight), 0))::numeric, 1)::float8
    end as quality
from ai.quality_marks
group by org_id, ticket_id;
