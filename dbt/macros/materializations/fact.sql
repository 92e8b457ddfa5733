{#-
    A table of facts that end with their ticket. The query computes those of the tickets that have
    changed; only rows that differ are written, and their days noted: these are to be measured again.
    `changed_by` is the column by which things change, and `changed_in` the slice that names them.
-#}
{% materialization fact, adapter='postgres' %}
    {%- set target = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% if is_preparing() %}
        {% do make_fact(target, sql) %}
    {% endif %}
    {% do write_fact(target, sql) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{#- Other columns than before: made anew, since every fact can be computed again. -#}
{% macro make_fact(target, sql) -%}
    {% if load_relation(target) is not none %}
        {% set differing = differing_columns(target) %}
        {% if differing['missing'] or differing['unknown'] %}
            {% call statement('drop') %} drop table {{ target }} cascade {% endcall %}
            {% do adapter.cache_dropped(target) %}
        {% endif %}
    {% endif %}
    {% do make_contracted(target, sql, ends=true) %}
    {% call statement('by_day') -%}
        create index if not exists {{ target.identifier }}_by_day
        on {{ target }} (org_id, metric_day)
    {%- endcall %}
{%- endmacro %}

{% macro write_fact(target, sql) -%}
    {% set by = config.get('changed_by', default='ticket_id') %}
    {% set changed = config.get('changed_in', default='int_changed_tickets') %}
    {% set slice = target.incorporate(path={'schema': 'intermediate', 'identifier': changed}) %}
    {% set columns = contracted_columns() %}
    {% set key = config.require('unique_key') %}
    {% set computed = target.identifier ~ '__computed' %}
    {% set noted -%}
        insert into app.changed_metric_days (org_id, metric_day, model)
        select distinct org_id, metric_day, '{{ target.identifier }}' from written
        where metric_day is not null
        on conflict do nothing
    {%- endset %}
    {% call statement('compute') -%}
        create temporary table {{ computed }} on commit drop as
        select {{ columns | join(', ') }} from ({{ sql }}) as q
    {%- endcall %}
    {% call statement('index') -%}
        create unique index on {{ computed }} ({{ key | join(', ') }})
    {%- endcall %}
    {% call statement('analyze') %} analyze {{ computed }} {% endcall %}
    {% do look_up(true) %}
    {% call statement('remove') -%}
        with written as (
            delete from {{ target }} as t using {{ slice }} as c
            where
                t.org_id = c.org_id
                and t.{{ by }} = c.{{ by }}
                and not exists (
                    select from {{ computed }} as n
                    where
                        {% for name in key %} n.{{ name }} = t.{{ name }} and {% endfor %}
                        (n.{{ columns | join(', n.') }}) is not distinct from (t.{{ columns | join(', t.') }})
                )
            returning t.org_id, t.metric_day
        )
        {{ noted }}
    {%- endcall %}
    {#- a whole build finds no statistics: a loop would look up each row among all those before it -#}
    {% do look_up(false) %}
    {% call statement('main') -%}
        with written as (
            insert into {{ target }} ({{ columns | join(', ') }})
            select {{ columns | join(', ') }} from {{ computed }} as n
            where not exists (
                select from {{ target }} as t
                where {% for name in key %} n.{{ name }} = t.{{ name }}{{ ' and ' if not loop.last }} {% endfor %}
            )
            returning org_id, metric_day
        )
        {{ noted }}
    {%- endcall %}
    {#- the first build finds no statistics, and the daily tables read it next -#}
    {% call statement('analyze') -%}
        do $$ begin
            if {{ loaded_after() }} = '-infinity' and exists (select from {{ target }}) then
                analyze {{ target }};
            end if;
        end $$
    {%- endcall %}
{%- endmacro %}

{#- A day's changes are looked up by the table's indexes, one after another, though reading all of it
    at once may seem as cheap: that grows with history. A whole build looks up nothing, but what it is
    told to (`always`) while there is nothing yet. -#}
{% macro look_up(always) -%}
    {% call statement('looked_up') -%}
        select
            set_config('enable_nestloop', (days or {{ always }})::text, true),
            set_config('enable_hashjoin', (not days)::text, true),
            set_config('enable_mergejoin', (not days)::text, true)
        from (select {{ loaded_after() }} <> '-infinity' as days) as build
    {%- endcall %}
{%- endmacro %}
