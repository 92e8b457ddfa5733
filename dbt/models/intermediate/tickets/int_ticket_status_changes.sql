-- Grain: one row a change of a ticket's status category. A change between custom statuses counts
-- by their categories, where Zendesk has not told of the category itself in the same step.
with changes as (
    select * from {{ ref('int_changed_fields') }}
),

custom_statuses as (
    select * from {{ ref('stg_custom_statuses') }}
),

told as (
    select
        org_id,
        change_id,
        audit_id,
        ticket_id,
        event_type,
        previous_value,
        new_value,
        changed_at
    from changes
    where field_name = 'status'
),

mapped as (
    select
        changes.org_id,
        changes.change_id,
        changes.audit_id,
        changes.ticket_id,
        changes.event_type,
        earlier.status_category as previous_value,
        later.status_category as new_value,
        changes.changed_at
    from changes
    inner join custom_statuses as later
        on
            changes.org_id = later.org_id
            and changes.new_value = later.custom_status_id::text
    left join custom_statuses as earlier
        on
            changes.org_id = earlier.org_id
            and changes.previous_value = earlier.custom_status_id::text
    left join told
        on
            changes.org_id = told.org_id
            and changes.audit_id = told.audit_id
    where
        changes.field_name = 'custom_status_id'
        and told.audit_id is null
        and earlier.status_category is distinct from later.status_category
)

select * from told
union all
select * from mapped
