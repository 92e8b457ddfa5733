-- Grain: one row a ticket of which anything was loaded since the published build.
{{ config(materialized='slice', unique_key=['org_id', 'ticket_id']) }}
{% set sources = [
    'stg_tickets',
    'stg_ticket_metrics',
    'stg_field_changes',
    'stg_comments',
    'stg_metric_events',
    'stg_satisfaction_ratings',
    'stg_survey_responses',
    'stg_turn_sentiments',
    'stg_ticket_sentiments',
    'stg_sop_checks',
    'stg_assessments',
    'stg_quality_scores',
    'stg_step_labels',
    'stg_model_work',
    'stg_escalations',
] -%}
{% for source in sources %}
    select
        org_id,
        ticket_id
    from {{ ref(source) }}
    where loaded_at > {{ loaded_after() }}
    {% if not loop.last %}
        union
    {% endif %}
{% endfor %}
