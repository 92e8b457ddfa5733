-- Grain: one row an organization, day (in its time zone), group, channel, brand, priority,
-- category of the scorecard and version of the model.
{{ folded(
    ref('fct_quality_daily'),
    keys=[
        'group_id',
        'group_name',
        'channel',
        'brand_id',
        'brand_name',
        'priority',
        'category',
        'model_version',
    ],
    steps=[
        ['channel', 'brand_id', 'brand_name', 'priority'],
        'week',
        ['group_id', 'group_name'],
        'leave out',
    ],
    size='n',
    measures={
        'n': 'integer',
        'score_sum': 'double precision',
        'passed': 'integer',
        'failed': 'integer',
        'critical_fails': 'integer',
        'auto_n': 'integer',
        'human_n': 'integer',
        'agreed_n': 'integer',
    },
) }}
