{#-
    Business seconds of a clock (`int_business_clocks`) before an instant. NULL where there is no
    clock. Seconds, because whole ones add up exactly whatever instant the clock begins at.
-#}
{% macro business_seconds_at(clock, instant) -%}
    {%- set place = 'width_bucket(' ~ instant ~ ', ' ~ clock ~ '.opens_at)' -%}
    case
        when {{ clock }}.opens_at is not null and {{ instant }} is not null
            then coalesce(
                {{ clock }}.seconds_before[{{ place }}]
                + extract(
                    epoch from
                    least({{ instant }}, {{ clock }}.closes_at[{{ place }}])
                    - {{ clock }}.opens_at[{{ place }}]
                )::double precision,
                0
            )
    end
{%- endmacro %}

{#-
    The rows of a CTE with org_id, ticket_id, started_at and ended_at, each with how long that is by
    three clocks, NULL while it has not ended. `business_cumulative` goes by each schedule while the
    ticket had it; `business_last` by the one that it had at the end, for all of it, as Zendesk does
    (article 5654110765338).
-#}
{% macro with_business_minutes(spans) -%}
    select
        {{ spans }}.*,
        extract(
            epoch from {{ spans }}.ended_at - {{ spans }}.started_at
        )::double precision / 60 as calendar_minutes,
        (
            {{ business_seconds_at('last_clock', spans ~ '.ended_at') }}
            + last_period.seconds_carried
            - {{ business_seconds_at('first_clock', spans ~ '.started_at') }}
            - first_period.seconds_carried
        ) / 60 as business_cumulative_minutes,
        (
            {{ business_seconds_at('last_clock', spans ~ '.ended_at') }}
            - {{ business_seconds_at('last_clock', spans ~ '.started_at') }}
        ) / 60 as business_last_minutes
    from {{ spans }}
    left join {{ ref('int_ticket_schedules') }} as first_period
        on
            {{ spans }}.org_id = first_period.org_id
            and {{ spans }}.ticket_id = first_period.ticket_id
            and {{ spans }}.started_at >= first_period.from_at
            and {{ spans }}.started_at < first_period.to_at
    left join {{ ref('int_ticket_schedules') }} as last_period
        on
            {{ spans }}.org_id = last_period.org_id
            and {{ spans }}.ticket_id = last_period.ticket_id
            and {{ spans }}.ended_at >= last_period.from_at
            and {{ spans }}.ended_at < last_period.to_at
    left join {{ ref('int_business_clocks') }} as first_clock
        on
            first_period.org_id = first_clock.org_id
            and first_period.schedule_id = first_clock.schedule_id
    left join {{ ref('int_business_clocks') }} as last_clock
        on
            last_period.org_id = last_clock.org_id
            and last_period.schedule_id = last_clock.schedule_id
{%- endmacro %}

{#-
    Zendesk's names of time zones that are neither IANA's nor its cities: (name, IANA's name).
    Source: the list that Zendesk offers, which is that of Ruby on Rails.
-#}
{% macro zendesk_time_zones() -%}
    {{ return([
        ('International Date Line West', 'Etc/GMT+12'),
        ('Midway Island', 'Pacific/Midway'),
        ('American Samoa', 'Pacific/Pago_Pago'),
        ('Hawaii', 'Pacific/Honolulu'),
        ('Alaska', 'America/Juneau'),
        ('Pacific Time (US & Canada)', 'America/Los_Angeles'),
        ('Arizona', 'America/Phoenix'),
        ('Mountain Time (US & Canada)', 'America/Denver'),
        ('Central Time (US & Canada)', 'America/Chicago'),
        ('Saskatchewan', 'America/Regina'),
        ('Guadalajara', 'America/Mexico_City'),
        ('Central America', 'America/Guatemala'),
        ('Eastern Time (US & Canada)', 'America/New_York'),
        ('Indiana (East)', 'America/Indiana/Indianapolis'),
        ('Quito', 'America/Lima'),
        ('Atlantic Time (Canada)', 'America/Halifax'),
        ('Newfoundland', 'America/St_Johns'),
        ('Brasilia', 'America/Sao_Paulo'),
        ('Georgetown', 'America/Guyana'),
        ('Greenland', 'America/Nuuk'),
        ('Mid-Atlantic', 'Atlantic/South_Georgia'),
        ('Cape Verde Is.', 'Atlantic/Cape_Verde'),
        ('Edinburgh', 'Europe/London'),
        ('Bern', 'Europe/Zurich'),
        ('Bratislava', 'Europe/Prague'),
        ('Ljubljana', 'Europe/Belgrade'),
        ('Copenhagen', 'Europe/Berlin'),
        ('Stockholm', 'Europe/Berlin'),
        ('Amsterdam', 'Europe/Brussels'),
        ('West Central Africa', 'Africa/Algiers'),
        ('Kyiv', 'Europe/Kiev'),
        ('Harare', 'Africa/Maputo'),
        ('Pretoria', 'Africa/Johannesburg'),
        ('St. Petersburg', 'Europe/Moscow'),
        ('Kuwait', 'Asia/Riyadh'),
        ('Abu Dhabi', 'Asia/Dubai'),
        ('Muscat', 'Asia/Dubai'),
        ('Ekaterinburg', 'Asia/Yekaterinburg'),
        ('Islamabad', 'Asia/Karachi'),
        ('Chennai', 'Asia/Kolkata'),
        ('Mumbai', 'Asia/Kolkata'),
        ('New Delhi', 'Asia/Kolkata'),
        ('Astana', 'Asia/Almaty'),
        ('Sri Jayawardenepura', 'Asia/Colombo'),
        ('Rangoon', 'Asia/Yangon'),
        ('Hanoi', 'Asia/Bangkok'),
        ('Beijing', 'Asia/Shanghai'),
        ('Chongqing', 'Asia/Shanghai'),
        ('Kuala Lumpur', 'Asia/Singapore'),
        ('Osaka', 'Asia/Tokyo'),
        ('Sapporo', 'Asia/Tokyo'),
        ('Canberra', 'Australia/Sydney'),
        ('Solomon Is.', 'Pacific/Guadalcanal'),
        ('New Caledonia', 'Pacific/Noumea'),
        ('Marshall Is.', 'Pacific/Majuro'),
        ('Wellington', 'Pacific/Auckland'),
        ("Nuku'alofa", 'Pacific/Tongatapu'),
        ('Tokelau Is.', 'Pacific/Fakaofo'),
        ('Chatham Is.', 'Pacific/Chatham'),
        ('Samoa', 'Pacific/Apia'),
    ]) }}
{%- endmacro %}
