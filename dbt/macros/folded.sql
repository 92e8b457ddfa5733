{#-
    A surviving table as BI logins may read it: cells of fewer than `smallest_cell` tickets do not
    stand alone. `steps` says what such a cell gives up, one step after the other, each for the
    cells that are still too small after the one before:
        a list of dimensions   they become -1 or 'other', so that small cells add up to one
        'week'                 the day becomes its week's Monday
        'leave out'            the cell goes; only as the last step, and only for what people think
                               of each other
    Sums of all that is not left out stay what they are. `size` is an expression over the measures
    that is never more than the number of tickets in a cell. `measures` maps each measure to its
    type; a bigint[] is a histogram, a measure in `greatest` is a maximum, all others are sums.
-#}
{% macro folded(relation, keys, steps, size, measures, greatest=[]) -%}
with step_0 as (
    select
        org_id,
        metric_day,
        utc_offset_minutes,
        {{ keys | join(',\n        ') }},
        {{ measures | join(',\n        ') }}
    from {{ relation }}
)
{%- for step in steps if step != 'leave out' %},

step_{{ loop.index }} as (
    select
        org_id,
        {{ _folded_day(step, size) }} as metric_day,
        min(utc_offset_minutes) as utc_offset_minutes,
        {%- for key in keys %}
        {{ _folded_key(key, step, size) }} as {{ key }},
        {%- endfor %}
        {%- for name, type in measures.items() %}
        {{ _added_up(name, type, name in greatest) }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from step_{{ loop.index0 }}
    group by 1, 2{% for key in keys %}, {{ loop.index + 3 }}{% endfor %}
)
{%- endfor %}

select
    org_id,
    metric_day,
    utc_offset_minutes,
    {{ keys | join(',\n    ') }},
    {{ measures | join(',\n    ') }}
from step_{{ steps | reject('equalto', 'leave out') | list | length }}
{%- if 'leave out' in steps %}
where {{ size }} >= {{ var('smallest_cell') }}
{%- endif %}
{%- endmacro %}

{% macro _folded_day(step, size) -%}
    {%- if step == 'week' -%}
        case
            when {{ size }} < {{ var('smallest_cell') }}
                then metric_day - (extract(isodow from metric_day)::integer - 1)
            else metric_day
        end
    {%- else -%}
        metric_day
    {%- endif -%}
{%- endmacro %}

{% macro _folded_key(key, step, size) -%}
    {%- if step != 'week' and key in step -%}
        case
            when {{ size }} < {{ var('smallest_cell') }}
                then {{ '-1' if key.endswith('_id') else "'other'" }}
            else {{ key }}
        end
    {%- else -%}
        {{ key }}
    {%- endif -%}
{%- endmacro %}

{% macro _added_up(name, type, is_maximum) -%}
    {%- if is_maximum -%}
        max({{ name }})
    {%- elif type == 'bigint[]' -%}
        bi.sum_histograms({{ name }})
    {%- else -%}
        sum({{ name }})::{{ type }}
    {%- endif -%}
{%- endmacro %}
