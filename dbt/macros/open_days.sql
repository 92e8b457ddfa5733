{#-
    The days that a metric table computes in this run, by organization: whole days inside the
    retention clock, and the present one, that are not sealed. A sealed day's tickets may be gone;
    it never changes. The day in which the clock's cutoff lies is measured only in part by now: it
    keeps what the run of the day before said.
-#}
{% macro open_days(model_name) -%}
    select
        o.org_id,
        d.metric_day::date as metric_day,
        (
            extract(
                epoch from
                d.metric_day at time zone 'UTC' - d.metric_day at time zone o.timezone
            ) / 60
        )::integer as utc_offset_minutes
    from {{ ref('stg_organizations') }} as o
    cross join lateral generate_series(
        (('{{ var("as_of") }}'::timestamptz - make_interval(days => o.retention_days))
            at time zone o.timezone)::date + interval '1 day',
        ('{{ var("as_of") }}'::timestamptz at time zone o.timezone)::date,
        interval '1 day'
    ) as d (metric_day)
    where not exists (
        select 1
        from {{ ref('stg_metric_day_seals') }} as s
        where
            s.org_id = o.org_id
            and s.model = '{{ model_name }}'
            and s.metric_day = d.metric_day::date
    )
{%- endmacro %}
