{#-
    Which of the new days of the CTE `days` end, or go on, while a row of the CTE `rows` is there: from
    `from_at`, before `to_at`. A row is put on each day that it may be there at the end of, and then
    compared with it: to compare all days with all rows would take the square of the history.
-#}
{% macro held_at_day_ends(rows, from_at, to_at, columns) -%}
    select
        days.org_id,
        days.metric_day,
        days.utc_offset_minutes,
        days.told_at,
        {{ rows }}.{{ columns | join(', ' ~ rows ~ '.') }}
    from {{ rows }}
    inner join (
        select
            org_id,
            timezone,
            min(told_at) as first_told_at,
            min(metric_day) as first_day,
            max(metric_day) as last_day
        from days
        where is_new
        group by
            org_id,
            timezone
    ) as new_days
        on
            {{ rows }}.org_id = new_days.org_id
            and {{ to_at }} > new_days.first_told_at
    cross join lateral generate_series(
        greatest({{ day_of(from_at, 'new_days') }} - 1, new_days.first_day)::timestamp,
        least({{ day_of(to_at, 'new_days') }}, new_days.last_day)::timestamp,
        interval '1 day'
    ) as each_day (metric_day)
    inner join days
        on
            {{ rows }}.org_id = days.org_id
            and each_day.metric_day::date = days.metric_day
            and {{ from_at }} <= days.told_at
            and {{ to_at }} > days.told_at
    where days.is_new
{%- endmacro %}
