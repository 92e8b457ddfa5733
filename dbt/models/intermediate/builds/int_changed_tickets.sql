-- Grain: one row a ticket of which anything was loaded since the published build.
{{ config(materialized='slice', unique_key=['org_id', 'ticket_id']) }}
{% set sources = [
    'stg_tickets',
    'stg_ticket_metrics',
    'stg_field_changes',
    'stg_comments',
] -%}
{% for source in sources %}
    select
        org_id,
        ticket_id
    from {{ ref(source) }}
    where loaded_at > '{{ var("loaded_after") }}'::timestamptz
    {% if not loop.last %}
        union
    {% endif %}
{% endfor %}
