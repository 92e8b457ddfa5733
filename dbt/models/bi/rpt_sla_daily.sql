-- Grain: one row an organization, day (in its time zone), group, channel, brand, priority, policy
-- and metric.
{{ folded(
    ref('fct_sla_daily'),
    keys=[
        'group_id',
        'group_name',
        'channel',
        'brand_id',
        'brand_name',
        'priority',
        'policy_id',
        'policy_name',
        'metric',
    ],
    steps=[
        ['channel', 'brand_id', 'brand_name', 'priority'],
        ['group_id', 'group_name'],
    ],
    size='greatest(applied, achieved, breached, exempt, active_at_end)',
    measures={
        'applied': 'integer',
        'achieved': 'integer',
        'breached': 'integer',
        'exempt': 'integer',
        'active_at_end': 'integer',
        'sum_overrun_minutes': 'double precision',
    },
) }}
