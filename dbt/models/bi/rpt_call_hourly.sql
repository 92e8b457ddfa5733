-- Grain: one row an organization, day (in its time zone), hour, group, line and direction.
{{ folded(
    ref('fct_call_hourly'),
    keys=['hour', 'group_id', 'group_name', 'line_id', 'line_type', 'direction'],
    steps=[
        ['line_id', 'line_type'],
        ['group_id', 'group_name'],
    ],
    size='greatest(offered, handled, voicemails, callbacks)',
    measures={
        'offered': 'integer',
        'answered': 'integer',
        'handled': 'integer',
        'abandoned_queue': 'integer',
        'abandoned_ivr': 'integer',
        'voicemails': 'integer',
        'within_target': 'integer',
        'callbacks': 'integer',
        'wait_seconds_sum': 'double precision',
        'talk_seconds_sum': 'double precision',
        'hold_seconds_sum': 'double precision',
        'wrap_up_seconds_sum': 'double precision',
        'wait_histogram': 'bigint[]',
    },
) }}
