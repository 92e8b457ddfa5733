-- Grain: one row an organization, day (in its time zone), group, channel, brand, priority, metric
-- and clock.
{{ folded(
    ref('fct_ticket_duration_daily'),
    keys=[
        'group_id',
        'group_name',
        'channel',
        'brand_id',
        'brand_name',
        'priority',
        'metric',
        'clock',
    ],
    steps=[
        ['channel', 'brand_id', 'brand_name', 'priority'],
        ['group_id', 'group_name'],
    ],
    size='n',
    measures={
        'n': 'integer',
        'sum_minutes': 'double precision',
        'histogram': 'bigint[]',
    },
) }}
