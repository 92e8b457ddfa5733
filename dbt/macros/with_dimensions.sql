{#-
    The rows of a CTE with org_id, ticket_id and happened_at, each with the ticket's dimensions as of
    then: a later change does not move an old event to another group.
-#}
{% macro with_dimensions(events) -%}
    select
        {{ events }}.*,
        coalesce(dimensions.group_id, 0) as group_id,
        coalesce(dimensions.via_channel, 'none') as channel,
        coalesce(dimensions.brand_id, 0) as brand_id,
        coalesce(dimensions.priority, 'none') as priority
    from {{ events }}
    left join {{ ref('int_ticket_dimensions') }} as dimensions
        on
            {{ events }}.org_id = dimensions.org_id
            and {{ events }}.ticket_id = dimensions.ticket_id
            and {{ events }}.happened_at >= dimensions.from_at
            and {{ events }}.happened_at < dimensions.to_at
{%- endmacro %}
