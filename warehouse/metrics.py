"""Reading the metric tables of one organization."""

from typing import Any

from sqlalchemy import Connection, inspect, text

from warehouse.errors import ConfigurationError

PARITY = text("""
    select
        metric,
        clock,
        count(*) as compared,
        count(*) filter (where not is_differing) as within_a_minute,
        count(*) filter (where is_differing and reason is not null) as explained,
        count(*) filter (where is_differing and reason is null) as unexplained,
        round(max(abs(difference_minutes))::numeric, 1)::double precision as largest_minutes,
        string_agg(distinct reason, ', ') as explained_by
    from metrics.fct_metric_parity
    group by metric, clock
    order by metric, clock
""")


def metric_rows(connection: Connection, table: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Columns and rows without org_id, newest day first. In the tenant session.

    Raises: ConfigurationError naming the tables that there are.
    """
    inspector = inspect(connection)
    known = sorted(inspector.get_table_names(schema="metrics"))
    if table not in known:
        raise ConfigurationError(
            f"no metric table {table!r}; there are: {', '.join(known) or 'none, run `vensor init`'}"
        )
    columns = [column["name"] for column in inspector.get_columns(table, schema="metrics")]
    shown = [name for name in columns if name != "org_id"]
    names = ", ".join(f'"{name}"' for name in shown)
    order = ", ".join(str(place + 1) for place in range(1, len(shown)))
    rows = connection.execute(
        text(f'select {names} from metrics."{table}" order by 1 desc, {order}')
    )
    return shown, [tuple(row) for row in rows]


def parity_rows(connection: Connection) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Columns and rows: how our durations of the present tickets compare with Zendesk's own.

    In the tenant session. `largest_minutes` is the largest difference, explained or not.
    """
    result = connection.execute(PARITY)
    return list(result.keys()), [tuple(row) for row in result]
