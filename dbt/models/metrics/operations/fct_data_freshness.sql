-- Grain: one row an organization, day (in its time zone), build of that day and group of sources.
{{ config(
    materialized='daily',
    unique_key=['org_id', 'metric_day', 'source', 'as_of']
) }}
{% set loaded = {
    'tickets': [['stg_tickets', 'updated_at']],
    'events': [
        ['stg_field_changes', 'changed_at'],
        ['stg_comments', 'created_at'],
        ['stg_metric_events', 'happened_at'],
    ],
    'calls': [['stg_calls', 'started_at']],
    'ratings': [['stg_satisfaction_ratings', 'changed_at'], ['stg_survey_responses', 'changed_at']],
} -%}
{% set stages = {
    'extraction': 'extract',
    'transcripts': 'transcribe',
    'embeddings': 'embed',
    'scores': 'score',
    'metrics': 'publish',
} -%}
{% set instant -%} {{ as_of() }} {%- endset -%}
with days as (
    select * from {{ ref('int_open_days') }}
    where is_changed
),

-- Of what lies in tables only the new rows are read: the rest is in what was published.
loaded as (
    {% for source, tables in loaded.items() %}
        {% for table, column in tables %}
            select
                org_id,
                '{{ source }}' as source,
                max({{ column }}) filter (where {{ column }} <= {{ instant }}) as max_event_at,
                max(loaded_at) as max_loaded_at,
                count(*) as rows_out
            from {{ ref(table) }}
            where loaded_at > {{ loaded_after() }}
            group by org_id
            {% if not loop.last %}
                union all
            {% endif %}
        {% endfor %}
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
),

new_rows as (
    select
        org_id,
        source,
        max(max_event_at) as max_event_at,
        max(max_loaded_at) as max_loaded_at,
        sum(rows_out) as rows_out
    from loaded
    group by org_id, source
),

last_stages as (
    select * from {{ ref('int_last_stages') }}
),

seals as (
    select
        org_id,
        max(metric_day) as last_sealed_day
    from {{ ref('stg_metric_day_seals') }}
    group by org_id
),

published as (
    {% if is_published() %}
        select * from {{ this }}
    {% else %}
        select
            null::uuid as org_id,
            null::date as metric_day,
            null::text as source,
            null::timestamptz as as_of,
            null::timestamptz as max_event_at,
            null::timestamptz as max_loaded_at,
            null::double precision as lag_minutes,
            null::bigint as rows_in,
            null::bigint as rows_out,
            null::date as last_sealed_day,
            null::integer as utc_offset_minutes
        where false
    {% endif %}
),

last_published as (
    select
        org_id,
        source,
        max(max_event_at) as max_event_at,
        max(max_loaded_at) as max_loaded_at
    from published
    where as_of <= {{ instant }}
    group by org_id, source
),

named (source, stage) as (
    values
    {% for source in loaded %}
        ('{{ source }}', null),
    {% endfor %}
    {% for source, stage in stages.items() %}
        ('{{ source }}', '{{ stage }}'){{ ',' if not loop.last }}
    {% endfor %}
),

told as (
    select
        days.org_id,
        days.metric_day,
        days.utc_offset_minutes,
        named.source,
        case
            when named.stage is not null then last_stages.as_of
            else greatest(new_rows.max_event_at, last_published.max_event_at)
        end as max_event_at,
        case
            when named.stage is not null then last_stages.ended_at
            else greatest(new_rows.max_loaded_at, last_published.max_loaded_at)
        end as max_loaded_at,
        last_stages.rows_in,
        case
            when named.stage is not null then last_stages.rows_out
            else coalesce(new_rows.rows_out, 0)
        end::bigint as rows_out,
        case named.source when 'metrics' then seals.last_sealed_day end as last_sealed_day
    from days
    cross join named
    left join last_stages
        on
            days.org_id = last_stages.org_id
            and named.stage = last_stages.stage
    left join new_rows
        on
            days.org_id = new_rows.org_id
            and named.source = new_rows.source
    left join last_published
        on
            days.org_id = last_published.org_id
            and named.source = last_published.source
    left join seals on days.org_id = seals.org_id
    where days.starts_at <= {{ instant }} and days.ends_at > {{ instant }}
)

-- What earlier builds said of the days that are measured again stays beside it.
select
    published.org_id,
    published.metric_day,
    published.source,
    published.as_of,
    published.max_event_at,
    published.max_loaded_at,
    published.lag_minutes,
    published.rows_in,
    published.rows_out,
    published.last_sealed_day,
    published.utc_offset_minutes
from published
inner join days
    on
        published.org_id = days.org_id
        and published.metric_day = days.metric_day
where published.as_of <> {{ instant }}
union all
select
    org_id,
    metric_day,
    source,
    {{ instant }} as as_of,
    max_event_at,
    max_loaded_at,
    extract(epoch from {{ instant }} - max_event_at)::double precision / 60 as lag_minutes,
    rows_in,
    rows_out,
    last_sealed_day,
    utc_offset_minutes
from told
