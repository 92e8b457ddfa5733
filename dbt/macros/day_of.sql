{#- The organization's day of an instant. -#}
{% macro day_of(instant, organizations='organizations') -%}
    (({{ instant }}) at time zone {{ organizations }}.timezone)::date
{%- endmacro %}
