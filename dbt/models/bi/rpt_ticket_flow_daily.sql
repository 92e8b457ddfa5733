-- Grain: one row an organization, day (in its time zone), group, channel, brand and priority.
{{ folded(
    ref('fct_ticket_flow_daily'),
    keys=['group_id', 'group_name', 'channel', 'brand_id', 'brand_name', 'priority'],
    steps=[
        ['channel', 'brand_id', 'brand_name', 'priority'],
        ['group_id', 'group_name'],
    ],
    size='greatest(created, first_solved, merged, deleted)',
    measures={
        'created': 'integer',
        'first_solved': 'integer',
        'solved': 'integer',
        'reopened': 'integer',
        'one_touch': 'integer',
        'merged': 'integer',
        'deleted': 'integer',
        'unreplied_at_solve': 'integer',
    },
) }}
