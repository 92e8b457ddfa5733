-- Grain: one row a version of a schedule, with the time that it counts in. The first version
-- counts from the beginning of time: what was before we looked is not known to have been another.
{{ config(materialized='slice', unique_key=['org_id', 'schedule_id', 'from_at']) }}
with schedules as (
    select * from {{ ref('stg_schedules') }}
),

known_zones as (
    select
        name as timezone,
        replace(reverse(split_part(reverse(name), '/', 1)), '_', ' ') as city
    from pg_catalog.pg_timezone_names
    where name ~ '^[A-Z]'
),

-- By IANA's own name, by Zendesk's, or by its city.
named_zones as (
    select
        timezone as zone_name,
        timezone,
        1 as precedence
    from known_zones
    {% for name, timezone in zendesk_time_zones() %}
        union all
        select
            '{{ name | replace("'", "''") }}' as zone_name,
            '{{ timezone }}' as timezone,
            2 as precedence
    {% endfor %}
    union all
    select
        city as zone_name,
        timezone,
        3 as precedence
    from known_zones
    where timezone like '%/%'
),

zones as (
    select distinct on (named_zones.zone_name)
        named_zones.zone_name,
        named_zones.timezone
    from named_zones
    inner join known_zones on named_zones.timezone = known_zones.timezone
    order by
        named_zones.zone_name asc, named_zones.precedence asc, named_zones.timezone asc
),

numbered as (
    select
        org_id,
        schedule_id,
        valid_from,
        valid_to,
        zone_name,
        intervals,
        row_number() over (
            partition by org_id, schedule_id order by valid_from asc
        ) as version_no,
        bool_or(valid_to is null) over (partition by org_id, schedule_id) as is_present
    from schedules
)

select
    numbered.org_id,
    numbered.schedule_id,
    case numbered.version_no
        when 1 then '-infinity' else numbered.valid_from
    end as from_at,
    coalesce(numbered.valid_to, 'infinity') as to_at,
    zones.timezone,
    numbered.intervals,
    -- the account's first schedule is that of every ticket to which no rule gave another
    first_value(numbered.schedule_id) over (
        partition by numbered.org_id
        order by numbered.is_present desc, numbered.schedule_id asc
    ) = numbered.schedule_id as is_default
from numbered
left join zones on numbered.zone_name = zones.zone_name
