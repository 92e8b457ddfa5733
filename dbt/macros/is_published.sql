{#- Whether this table is there to be read: not before `vensor init` has made it. -#}
{% macro is_published() -%}
    {% do return(execute and load_relation(this) is not none) %}
{%- endmacro %}
