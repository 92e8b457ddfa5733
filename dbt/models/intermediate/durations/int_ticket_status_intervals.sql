-- Grain: one row a changed ticket and unbroken time in one status category. The last has no end,
-- but where the ticket was deleted. What was before the first change that is loaded is not known,
-- and left out.
{{ config(materialized='slice', unique_key=['org_id', 'ticket_id', 'interval_no']) }}
with status_changes as (
    select * from {{ ref('int_ticket_status_changes') }}
),

tickets as (
    select * from {{ ref('int_changed_ticket_rows') }}
),

numbered as (
    select
        org_id,
        ticket_id,
        change_id,
        new_value,
        changed_at,
        row_number() over (
            partition by org_id, ticket_id order by changed_at asc, change_id asc
        )::integer as interval_no,
        lead(changed_at) over (
            partition by org_id, ticket_id order by changed_at asc, change_id asc
        ) as next_changed_at,
        lead(change_id) over (
            partition by org_id, ticket_id order by changed_at asc, change_id asc
        ) as next_change_id,
        bool_or(event_type = 'Create') over (partition by org_id, ticket_id) as is_history_whole
    from status_changes
),

spans as (
    select
        numbered.org_id,
        numbered.ticket_id,
        numbered.interval_no,
        numbered.new_value as status,
        numbered.changed_at as started_at,
        case
            when numbered.next_changed_at is not null then numbered.next_changed_at
            when tickets.deleted_at is not null
                then greatest(tickets.deleted_at, numbered.changed_at)
        end as ended_at,
        numbered.change_id as started_change_id,
        numbered.next_change_id as ended_change_id,
        numbered.is_history_whole
    from numbered
    left join tickets
        on
            numbered.org_id = tickets.org_id
            and numbered.ticket_id = tickets.ticket_id
),

timed as (
    {{ with_business_minutes('spans') }}
)

select * from timed
