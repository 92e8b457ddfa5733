{#-
    A table of this organization's rows for this build only: each build replaces them. What later
    models read is small and has statistics, however much history the warehouse holds.
-#}
{% materialization slice, adapter='postgres' %}
    {%- set target = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% if is_preparing() %}
        {% do make_slice(target, sql) %}
    {% endif %}
    {% do write_slice(target, sql) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{#- The rows are few or the whole: the planner knows which, and may loop over an index. -#}
{% macro write_slice(target, sql, columns=none) -%}
    {% call statement('loops') %} set local enable_nestloop = on {% endcall %}
    {#- row-level security bounds it to the organization -#}
    {% call statement('clear') %} delete from {{ target }} {% endcall %}
    {% call statement('main') -%}
        insert into {{ target }}
        {% if columns %} ({{ columns | join(', ') }}) select {{ columns | join(', ') }} from (
            {{ sql }}
        ) as q {% else %} {{ sql }} {% endif %}
    {%- endcall %}
    {% call statement('analyze') %} analyze {{ target }} {% endcall %}
{%- endmacro %}
