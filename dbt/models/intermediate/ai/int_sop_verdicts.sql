-- Grain: one row a verdict on a step of a procedure in a changed ticket.
with checks as (
    select * from {{ ref('int_changed_sop_checks') }}
),

-- A judgement: all steps of a procedure in one version, by one model.
judgements as (
    select
        org_id,
        ticket_id,
        document_id,
        sop_version,
        model_version,
        max(loaded_at) as judged_at
    from checks
    group by org_id, ticket_id, document_id, sop_version, model_version
),

numbered as (
    select
        org_id,
        ticket_id,
        document_id,
        sop_version,
        model_version,
        row_number() over (
            partition by org_id, ticket_id, document_id
            order by judged_at desc, sop_version asc, model_version asc
        ) as judgement_no
    from judgements
)

select
    checks.org_id,
    checks.ticket_id,
    checks.document_id,
    checks.step_no,
    checks.sop_version,
    checks.model_version,
    checks.verdict,
    numbered.judgement_no = 1 as is_latest
from checks
inner join numbered
    on
        checks.org_id = numbered.org_id
        and checks.ticket_id = numbered.ticket_id
        and checks.document_id = numbered.document_id
        and checks.sop_version = numbered.sop_version
        and checks.model_version = numbered.model_version
