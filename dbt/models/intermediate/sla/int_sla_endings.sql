-- Grain: one row an application of a target, with all that may end it.
with applications as (
    select * from {{ ref('int_sla_applications') }}
),

events as (
    select * from {{ ref('int_changed_metric_events') }}
    where event_type in ('fulfill', 'breach', 'update_status')
),

tickets as (
    select * from {{ ref('int_changed_ticket_rows') }}
),

merged_tickets as (
    select
        org_id,
        ticket_id,
        min(changed_at) as merged_at
    from {{ ref('int_changed_fields') }}
    where field_name = 'merged_into_id'
    group by org_id, ticket_id
),

-- A breach that Zendesk has taken back is none.
first_events as (
    select
        applications.org_id,
        applications.event_id,
        min(events.happened_at) filter (
            where events.event_type = 'fulfill'
        ) as fulfilled_at,
        min(events.happened_at) filter (
            where events.event_type = 'breach' and not events.is_deleted
        ) as zendesk_breached_at
    from applications
    inner join events
        on
            applications.org_id = events.org_id
            and applications.ticket_id = events.ticket_id
            and applications.metric = events.metric
            and applications.instance_id = events.instance_id
            and applications.applied_at <= events.happened_at
    group by applications.org_id, applications.event_id
),

-- What Zendesk says that the instance had taken when it was fulfilled.
told as (
    select distinct on (applications.org_id, applications.event_id)
        applications.org_id,
        applications.event_id,
        events.calendar_minutes,
        events.business_minutes
    from applications
    inner join first_events
        on
            applications.org_id = first_events.org_id
            and applications.event_id = first_events.event_id
    inner join events
        on
            applications.org_id = events.org_id
            and applications.ticket_id = events.ticket_id
            and applications.metric = events.metric
            and applications.instance_id = events.instance_id
            and first_events.fulfilled_at <= events.happened_at
    where events.event_type = 'update_status'
    order by
        applications.org_id asc,
        applications.event_id asc,
        events.happened_at asc,
        events.event_id asc
)

select
    applications.org_id,
    applications.ticket_id,
    applications.event_id,
    first_events.fulfilled_at,
    first_events.zendesk_breached_at,
    told.calendar_minutes as zendesk_calendar_minutes,
    told.business_minutes as zendesk_business_minutes,
    merged_tickets.merged_at,
    tickets.deleted_at
from applications
left join first_events
    on
        applications.org_id = first_events.org_id
        and applications.event_id = first_events.event_id
left join told
    on
        applications.org_id = told.org_id
        and applications.event_id = told.event_id
left join merged_tickets
    on
        applications.org_id = merged_tickets.org_id
        and applications.ticket_id = merged_tickets.ticket_id
left join tickets
    on
        applications.org_id = tickets.org_id
        and applications.ticket_id = tickets.ticket_id
