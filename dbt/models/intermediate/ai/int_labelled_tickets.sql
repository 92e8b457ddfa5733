-- Grain: one row a changed ticket of which a person judged a step that a model has judged too.
with labels as (
    select * from {{ ref('int_changed_step_labels') }}
),

verdicts as (
    select * from {{ ref('int_sop_verdicts') }}
    where is_latest
),

-- Of several people's labels of one step the last one counts.
last_labels as (
    select distinct on (org_id, ticket_id, document_id, step_no)
        org_id,
        ticket_id,
        document_id,
        step_no,
        sop_version,
        verdict
    from labels
    order by
        org_id asc,
        ticket_id asc,
        document_id asc,
        step_no asc,
        labelled_at desc,
        labelled_by asc
)

select
    last_labels.org_id,
    last_labels.ticket_id,
    bool_and(last_labels.verdict = verdicts.verdict) as is_agreed
from last_labels
inner join verdicts
    on
        last_labels.org_id = verdicts.org_id
        and last_labels.ticket_id = verdicts.ticket_id
        and last_labels.document_id = verdicts.document_id
        and last_labels.step_no = verdicts.step_no
        and last_labels.sop_version = verdicts.sop_version
-- a person who could not tell does not disagree
where last_labels.verdict <> 'unknown'
group by last_labels.org_id, last_labels.ticket_id
