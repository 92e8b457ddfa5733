-- Grain: one row a ticket and period in which it is unsolved and its status, group, priority and
-- whether it has an assignee stay the same.
{{ config(
    materialized='fact',
    unique_key=['org_id', 'ticket_id', 'from_at'],
    indexes=[{'columns': ['org_id', 'to_at']}]
) }}
with periods as (
    select * from {{ ref('int_backlog_periods') }}
)

select
    org_id,
    ticket_id,
    from_at,
    to_at,
    -- the backlog is told once a day has ended, and not again
    null::date as metric_day,
    status_category,
    created_at,
    group_id,
    channel,
    brand_id,
    priority,
    is_assigned
from periods
