{#-
    What the three materializations share. Relations are made by `vensor init`, which runs every
    model with `is_preparing()`; a day's build only writes into what is there.
-#}

{#- Makes the table anew as the query's columns have it; what it held is scratch. -#}
{% macro make_slice(target, sql) -%}
    {% call statement('drop') %} drop table if exists {{ target }} cascade {% endcall %}
    {#- and with it the views on it, which dbt would else take to be there -#}
    {% do adapter.cache_dropped(target) %}
    {% call statement('create') -%}
        create table {{ target }} as select * from ({{ sql }}) as q limit 0
    {%- endcall %}
    {% do index_table(target) %}
    {% call statement('publish') %} call app.publish('{{ target }}'::regclass) {% endcall %}
{%- endmacro %}

{#- Makes the table by its contract where there is none; the columns that it lacks, by name. -#}
{% macro make_contracted(target, sql, ends=false) -%}
    {% do get_assert_columns_equivalent(sql) %}
    {% if load_relation(target) is none %}
        {% call statement('create') -%}
            create table {{ target }} {{ get_table_columns_and_constraints() }}
        {%- endcall %}
        {% do index_table(target) %}
        {% call statement('publish') -%}
            call app.publish('{{ target }}'::regclass, {{ ends }})
        {%- endcall %}
    {% endif %}
{%- endmacro %}

{% macro index_table(target) -%}
    {% set key = config.get('unique_key') %}
    {% if key %}
        {% call statement('unique') -%}
            create unique index on {{ target }} ({{ key | join(', ') }})
        {%- endcall %}
    {% endif %}
    {% for index in config.get('indexes', default=[]) %}
        {% call statement('index') -%}
            create index on {{ target }} ({{ index['columns'] | join(', ') }})
        {%- endcall %}
    {% endfor %}
{%- endmacro %}

{#- Columns whose type or presence differs between the contract and the table. -#}
{% macro differing_columns(target) -%}
    {% set told = {} %}
    {% for column in model['columns'].values() %}
        {% do told.update({column['name']: column['data_type']}) %}
    {% endfor %}
    {% set rows = run_query(
        "select attname, format_type(atttypid, atttypmod) from pg_attribute"
        ~ " where attrelid = '" ~ target ~ "'::regclass and attnum > 0 and not attisdropped"
    ) %}
    {% set found = {} %}
    {% for row in rows %}{% do found.update({row[0]: row[1]}) %}{% endfor %}
    {% set missing = told.keys() | reject('in', found) | list %}
    {% set unknown = found.keys() | reject('in', told) | list %}
    {% do return({'missing': missing, 'unknown': unknown, 'types': told}) %}
{%- endmacro %}

{#- The names of the query's columns, as the contract lists them. -#}
{% macro contracted_columns() -%}
    {% do return(model['columns'].values() | map(attribute='name') | list) %}
{%- endmacro %}
