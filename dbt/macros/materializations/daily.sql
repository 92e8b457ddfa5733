{#-
    A table that survives the tickets. The query measures the days that `int_open_days` says; its rows
    are written beside the published ones, into the schema `candidate`. Once the gate has passed them
    they replace those days (warehouse/publishing.py), in all tables at once.
-#}
{% materialization daily, adapter='postgres' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set candidate = target.incorporate(path={'schema': 'candidate'}) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% if is_preparing() %}
        {% do make_daily(target, candidate, sql) %}
    {% endif %}
    {% do write_slice(candidate, sql, contracted_columns()) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{#- New columns are added, null for the days from before; none is ever taken away. -#}
{% macro make_daily(target, candidate, sql) -%}
    {% do make_contracted(target, sql, ends=config.get('ends', default=false)) %}
    {% set differing = differing_columns(target) %}
    {% if differing['unknown'] %}
        {% do exceptions.raise_compiler_error(
            target ~ ' has columns that its contract lacks: ' ~ differing['unknown'] | join(', ')
        ) %}
    {% endif %}
    {% for name in differing['missing'] %}
        {% call statement('add') -%}
            alter table {{ target }} add column {{ name }} {{ differing['types'][name] }}
        {%- endcall %}
    {% endfor %}
    {% call statement('drop') %} drop table if exists {{ candidate }} {% endcall %}
    {% call statement('mirror') -%}
        create table {{ candidate }} (like {{ target }} including indexes including constraints)
    {%- endcall %}
    {% call statement('publish') -%}
        call app.publish('{{ candidate }}'::regclass)
    {%- endcall %}
{%- endmacro %}
