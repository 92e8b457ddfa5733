-- Grain: one row a ticket and unbroken time in one status category.
{{ config(materialized='fact', unique_key=['org_id', 'ticket_id', 'interval_no']) }}
with intervals as (
    select * from {{ ref('int_ticket_status_intervals') }}
)

select
    org_id,
    ticket_id,
    interval_no,
    -- no table counts intervals by day
    null::date as metric_day,
    status,
    started_at,
    ended_at,
    calendar_minutes,
    business_cumulative_minutes,
    business_last_minutes
from intervals
