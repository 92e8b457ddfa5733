"""Reading the metric tables of one organization."""

from typing import Any

from sqlalchemy import Connection, inspect, text

from warehouse.errors import ConfigurationError


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
