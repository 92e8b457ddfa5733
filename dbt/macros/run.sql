{#-
    What differs from one build to the next is asked of the session, not written into the SQL: dbt then
    need not parse the project anew for each build. Worked examples set the vars instead.
-#}

{#- The instant that a build sees the world as of. -#}
{% macro as_of() -%}
    {{ told_by_run('as_of') }}
{%- endmacro %}

{#- Only what was loaded since then is computed; -infinity: all, and every open day. -#}
{% macro loaded_after() -%}
    {{ told_by_run('loaded_after') }}
{%- endmacro %}

{#- The day past the clock that a backfill measures; null for a day's build. -#}
{% macro backfilled_on() -%}
    {%- if var('backfilled_on', none) -%}
        '{{ var('backfilled_on') }}'::date
    {%- else -%}
        nullif(current_setting('app.backfilled_on', true), '')::date
    {%- endif -%}
{%- endmacro %}

{% macro told_by_run(name) -%}
    {%- if var(name, none) -%}
        '{{ var(name) }}'::timestamptz
    {%- else -%}
        current_setting('app.{{ name }}', true)::timestamptz
    {%- endif -%}
{%- endmacro %}

{#- Whether relations are made (`vensor init`), or only written into. -#}
{% macro is_preparing() -%}
    {% do return(env_var('VENSOR_DBT_PREPARE', '') == 'yes') %}
{%- endmacro %}
