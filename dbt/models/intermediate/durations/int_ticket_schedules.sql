-- Grain: one row a changed ticket and period in which its schedule is the same; periods are
-- half-open, and reach from the beginning of time to its end. None where the account has none.
{{ config(materialized='slice', unique_key=['org_id', 'ticket_id', 'from_at']) }}
with changed_tickets as (
    select * from {{ ref('int_changed_tickets') }}
),

changes as (
    select * from {{ ref('int_changed_fields') }}
    where field_name = 'schedule_id'
),

defaults as (
    select distinct
        org_id,
        schedule_id
    from {{ ref('int_schedule_versions') }}
    where is_default
),

clocks as (
    select * from {{ ref('int_business_clocks') }}
),

numbered as (
    select
        org_id,
        ticket_id,
        previous_value,
        new_value,
        changed_at,
        row_number() over (
            partition by org_id, ticket_id order by changed_at asc, change_id asc
        ) as change_no,
        lead(changed_at, 1, 'infinity') over (
            partition by org_id, ticket_id order by changed_at asc, change_id asc
        ) as next_changed_at
    from changes
),

told as (
    select
        org_id,
        ticket_id,
        changed_at as from_at,
        next_changed_at as to_at,
        nullif(new_value, '')::bigint as schedule_id
    from numbered
    where changed_at < next_changed_at
    union all
    select
        org_id,
        ticket_id,
        '-infinity' as from_at,
        changed_at as to_at,
        nullif(previous_value, '')::bigint as schedule_id
    from numbered
    where change_no = 1
    union all
    select
        changed_tickets.org_id,
        changed_tickets.ticket_id,
        '-infinity' as from_at,
        'infinity' as to_at,
        null as schedule_id
    from changed_tickets
    left join numbered
        on
            changed_tickets.org_id = numbered.org_id
            and changed_tickets.ticket_id = numbered.ticket_id
    where numbered.ticket_id is null
),

periods as (
    select
        told.org_id,
        told.ticket_id,
        told.from_at,
        told.to_at,
        coalesce(told.schedule_id, defaults.schedule_id) as schedule_id
    from told
    inner join defaults on told.org_id = defaults.org_id
),

clocked as (
    select
        periods.org_id,
        periods.ticket_id,
        periods.from_at,
        periods.to_at,
        periods.schedule_id,
        case
            when periods.from_at = '-infinity' then 0
            else {{ business_seconds_at('clocks', 'periods.from_at') }}
        end as seconds_at_start,
        case
            when periods.to_at < 'infinity'
                then {{ business_seconds_at('clocks', 'periods.to_at') }}
        end as seconds_at_end
    from periods
    left join clocks
        on
            periods.org_id = clocks.org_id
            and periods.schedule_id = clocks.schedule_id
)

select
    org_id,
    ticket_id,
    from_at,
    to_at,
    schedule_id,
    row_number() over (partition by org_id, ticket_id order by from_at asc)::integer as period_no,
    -- With this, seconds of this period's clock go on from those of the periods before. NULL where
    -- one of these had a schedule of which nothing is known.
    case
        when
            count(*) over earlier
            = count(seconds_at_end - seconds_at_start) over earlier
            then
                coalesce(sum(seconds_at_end - seconds_at_start) over earlier, 0)
                - seconds_at_start
    end as seconds_carried
from clocked
window
    earlier as (
        partition by org_id, ticket_id
        order by from_at asc
        rows between unbounded preceding and 1 preceding
    )
