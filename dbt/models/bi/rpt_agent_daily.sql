-- Grain: one row an organization, day (in its time zone), agent (a keyed pseudonym) and group.
{{ folded(
    ref('fct_agent_daily'),
    keys=['agent_key', 'group_id', 'group_name'],
    steps=[
        'week',
        ['agent_key'],
        ['group_id', 'group_name'],
        'leave out',
    ],
    size='greatest(solved, first_reply_n, quality_n, calls_handled)',
    measures={
        'solved': 'integer',
        'one_touch': 'integer',
        'reopened': 'integer',
        'replies': 'integer',
        'first_reply_n': 'integer',
        'first_reply_sum_minutes': 'double precision',
        'csat_good': 'integer',
        'csat_bad': 'integer',
        'quality_n': 'integer',
        'quality_sum': 'double precision',
        'sop_passed': 'integer',
        'sop_failed': 'integer',
        'calls_handled': 'integer',
        'talk_seconds_sum': 'double precision',
    },
) }}
