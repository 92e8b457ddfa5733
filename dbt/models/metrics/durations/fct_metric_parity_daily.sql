-- Grain: one row an organization, day (in its time zone), duration and clock: the figures that
-- became final that day, ours beside Zendesk's.
{{ config(materialized='daily', unique_key=['org_id', 'metric_day', 'metric', 'clock']) }}
with days as (
    select * from {{ ref('int_open_days') }}
    where is_changed
),

compared as (
    select * from {{ ref('fct_metric_parity') }}
    where happened_at <= {{ as_of() }}
)

select
    days.org_id,
    days.metric_day,
    compared.metric,
    compared.clock,
    count(*)::integer as compared,
    count(*) filter (where compared.is_differing)::integer as differing,
    count(*) filter (
        where compared.is_differing and compared.reason is not null
    )::integer as explained,
    coalesce(max(abs(compared.difference_minutes)), 0)::double precision
        as largest_difference_minutes,
    coalesce(
        max(abs(compared.difference_minutes)) filter (
            where compared.is_differing and compared.reason is null
        ), 0
    )::double precision as largest_unexplained_minutes,
    days.utc_offset_minutes
from days
inner join compared
    on
        days.org_id = compared.org_id
        and days.metric_day = compared.metric_day
group by
    days.org_id, days.metric_day, days.utc_offset_minutes, compared.metric, compared.clock
