"""How far each stream of each source has come. In the tenant session of the page it closes."""

from uuid import UUID

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from warehouse.tables.app import watermarks


def read(connection: Connection, source: str, stream: str) -> str | None:
    """The cursor, verbatim as the source gave it; None before the first page."""
    return connection.execute(
        select(watermarks.c.cursor).where(
            watermarks.c.source == source, watermarks.c.stream == stream
        )
    ).scalar_one_or_none()


def move(
    connection: Connection, org_id: UUID, source: str, stream: str, cursor: str, *, rows: int
) -> None:
    """Moves the watermark to `cursor`, after `rows` more rows."""
    values = {"org_id": org_id, "source": source, "stream": stream, "cursor": cursor, "done": rows}
    statement = insert(watermarks).values(values)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["org_id", "source", "stream"],
            set_={
                "cursor": statement.excluded.cursor,
                "done": watermarks.c.done + statement.excluded.done,
                "moved_at": func.clock_timestamp(),
            },
        )
    )
