-- Grain: one row a ticket that was solved, step of a procedure in one version, and model.
{{ config(
    materialized='fact',
    unique_key=['org_id', 'ticket_id', 'document_id', 'step_no', 'sop_version', 'model_version']
) }}
with organizations as (
    select * from {{ ref('stg_organizations') }}
),

verdicts as (
    select * from {{ ref('int_sop_verdicts') }}
),

procedures as (
    select * from {{ ref('stg_procedure_versions') }}
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
)

select
    verdicts.org_id,
    verdicts.ticket_id,
    verdicts.document_id,
    coalesce(procedures.document_title, 'none') as document_title,
    verdicts.step_no,
    verdicts.sop_version,
    verdicts.model_version,
    verdicts.verdict,
    verdicts.is_latest,
    placed.happened_at,
    {{ day_of('placed.happened_at') }} as metric_day,
    placed.group_id,
    placed.channel,
    placed.brand_id,
    placed.priority
from verdicts
inner join organizations on verdicts.org_id = organizations.org_id
-- a ticket that is not solved yet may still be handled by the procedure
inner join placed
    on
        verdicts.org_id = placed.org_id
        and verdicts.ticket_id = placed.ticket_id
left join procedures
    on
        verdicts.org_id = procedures.org_id
        and verdicts.document_id = procedures.document_id
        and verdicts.sop_version = procedures.sop_version
