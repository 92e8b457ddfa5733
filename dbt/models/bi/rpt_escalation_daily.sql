-- Grain: one row an organization, day (in its time zone), trigger and tier.
{{ folded(
    ref('fct_escalation_daily'),
    keys=['trigger', 'tier'],
    steps=[
        'week',
        ['tier'],
        ['trigger'],
    ],
    size='greatest(opened, acknowledged, resolved, ack_n)',
    measures={
        'opened': 'integer',
        'acknowledged': 'integer',
        'resolved': 'integer',
        'ack_n': 'integer',
        'ack_sum_minutes': 'double precision',
        'ack_histogram': 'bigint[]',
        'posted': 'integer',
        'failed': 'integer',
    },
) }}
