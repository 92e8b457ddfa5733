-- Grain: one row an organization, day (in its time zone), group, channel, brand, priority and kind
-- of survey.
{{ folded(
    ref('fct_csat_daily'),
    keys=[
        'group_id',
        'group_name',
        'channel',
        'brand_id',
        'brand_name',
        'priority',
        'survey_type',
    ],
    steps=[
        ['channel', 'brand_id', 'brand_name', 'priority'],
        'week',
        ['group_id', 'group_name'],
        'leave out',
    ],
    size='greatest(offered, responded)',
    measures={
        'offered': 'integer',
        'responded': 'integer',
        'good': 'integer',
        'bad': 'integer',
        'score_sum': 'double precision',
    },
) }}
