-- Grain: one row an organization, day (in its time zone), group, channel, brand, priority, speaker
-- and version of the model.
{{ folded(
    ref('fct_sentiment_daily'),
    keys=[
        'group_id',
        'group_name',
        'channel',
        'brand_id',
        'brand_name',
        'priority',
        'speaker',
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
        'positive': 'integer',
        'neutral': 'integer',
        'negative': 'integer',
        'worsened': 'integer',
    },
) }}
