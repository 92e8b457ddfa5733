"""What an organization takes along: its metric tables and its settings, as CSV.

Every function runs in the organization's tenant session.
"""

from collections.abc import Callable, Iterator, Sequence

from psycopg import sql
from sqlalchemy import Connection, LargeBinary, inspect, select

from warehouse.errors import TransientError
from warehouse.sealed import SealedColumn, Value, sealed_columns
from warehouse.tables import agents, app, assessments, knowledge, models

SETTINGS = (
    app.organizations,
    app.members,
    app.connections,
    models.ai_choices,
    models.ai_budgets,
    models.usage,
    assessments.topics,
    assessments.scorecards,
    agents.agent_pseudonyms,
    knowledge.documents,
    knowledge.versions,
)


def relations(connection: Connection) -> list[tuple[str, list[str]]]:
    """(table, columns) of all of it; no bytes are among them: neither secrets nor hashes."""
    settings = [
        (table.fullname, [one.name for one in table.columns if not _is_raw(one.type)])
        for table in SETTINGS
    ]
    inspector = inspect(connection)
    metrics = [
        (f"metrics.{name}", [one["name"] for one in inspector.get_columns(name, schema="metrics")])
        for name in sorted(inspector.get_table_names(schema="metrics"))
    ]
    return settings + metrics


def _is_raw(kind: object) -> bool:
    return isinstance(kind, LargeBinary)


def content_columns() -> list[SealedColumn]:
    """The columns of people's words; secrets and what could not be read are none."""
    return [one for one in sealed_columns() if one.versioned and one.table.schema != "app"]


def iter_values(connection: Connection, where: SealedColumn) -> Iterator[Value]:
    """Every value of a column as it comes; not all of them are held at once."""
    asked = select(*where.ids(), where.instant(), where.column)
    streamed = {"stream_results": True, "yield_per": 1_000}
    for *ids, at, value in connection.execute(asked, execution_options=streamed):
        yield Value(tuple(ids), at, bytes(value))


def copy_csv(
    connection: Connection, name: str, columns: Sequence[str], write: Callable[[bytes], object]
) -> int:
    """Writes a table as CSV with a header, as it comes; the rows. Not all of it is held at once."""
    driver = connection.connection.driver_connection
    if driver is None:
        raise TransientError("the connection to the warehouse is gone")
    statement = sql.SQL("copy (select {} from {}) to stdout with (format csv, header)").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(*name.split("."))
    )
    with driver.cursor() as cursor:
        with cursor.copy(statement) as copied:
            for piece in copied:
                write(bytes(piece))
        return int(cursor.rowcount)
