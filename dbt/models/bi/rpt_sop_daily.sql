-- Grain: one row an organization, day (in its time zone), group, channel, brand, priority, step of
-- a procedure's version and version of the model.
{{ folded(
    ref('fct_sop_daily'),
    keys=[
        'group_id',
        'group_name',
        'channel',
        'brand_id',
        'brand_name',
        'priority',
        'document_id',
        'document_title',
        'step_no',
        'sop_version',
        'model_version',
    ],
    steps=[
        ['channel', 'brand_id', 'brand_name', 'priority'],
        'week',
        ['group_id', 'group_name'],
        'leave out',
    ],
    size='greatest(applicable + not_applicable, passed + failed + not_applicable + abstained)',
    measures={
        'applicable': 'integer',
        'passed': 'integer',
        'failed': 'integer',
        'not_applicable': 'integer',
        'abstained': 'integer',
    },
) }}
