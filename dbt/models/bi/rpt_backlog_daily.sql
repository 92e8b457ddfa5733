-- Grain: one row an organization, day (in its time zone), group, channel, brand, priority, status
-- category and age.
{{ folded(
    ref('fct_backlog_daily'),
    keys=[
        'group_id',
        'group_name',
        'channel',
        'brand_id',
        'brand_name',
        'priority',
        'status_category',
        'age_bucket',
    ],
    steps=[
        ['channel', 'brand_id', 'brand_name', 'priority'],
        ['group_id', 'group_name'],
    ],
    size='tickets',
    measures={
        'tickets': 'integer',
        'unassigned': 'integer',
        'oldest_age_minutes': 'double precision',
    },
    greatest=['oldest_age_minutes'],
) }}
