"""How far each stream of each source has come. In the tenant session of the page it closes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, case, func, select
from sqlalchemy.dialects.postgresql import insert

from warehouse.tables.ai import ticket_work
from warehouse.tables.app import watermarks
from warehouse.tables.zendesk import tickets


def read(connection: Connection, source: str, stream: str) -> str | None:
    """The cursor, verbatim as the source gave it; None before the first."""
    cursor = connection.execute(
        select(watermarks.c.cursor).where(
            watermarks.c.source == source, watermarks.c.stream == stream
        )
    ).scalar_one_or_none()
    return cursor or None


@dataclass(frozen=True)
class Mark:
    """A stream of Zendesk's: when rows of it last came, and how many ever have."""

    stream: str
    moved_at: datetime
    done: int


def all_marks(connection: Connection, source: str) -> list[Mark]:
    """How far each stream of a source has come, by name."""
    c = watermarks.c
    rows = connection.execute(
        select(c.stream, c.moved_at, c.done).where(c.source == source).order_by(c.stream)
    )
    return [Mark(*row) for row in rows]


def move(
    connection: Connection,
    org_id: UUID,
    source: str,
    stream: str,
    cursor: str | None,
    *,
    rows: int,
) -> None:
    """Moves the watermark to `cursor`, or leaves it where it is for None.

    `moved_at` tells when rows last came, and `done` how many ever have.
    """
    told = cursor or ""
    values = {"org_id": org_id, "source": source, "stream": stream, "cursor": told, "done": rows}
    statement = insert(watermarks).values(values)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["org_id", "source", "stream"],
            set_={
                "cursor": statement.excluded.cursor if told else watermarks.c.cursor,
                "done": watermarks.c.done + statement.excluded.done,
                "moved_at": case(
                    (statement.excluded.done > 0, func.clock_timestamp()),
                    else_=watermarks.c.moved_at,
                ),
            },
        )
    )


def inputs(connection: Connection, as_of: datetime) -> str:
    """A fingerprint of what has been loaded and happened by `as_of`.

    Equal fingerprints are equal inputs: what was made of them need not be made again.
    """
    loaded_at = connection.execute(
        select(func.max(watermarks.c.moved_at)).where(watermarks.c.source == "zendesk")
    ).scalar_one()
    scored_at = connection.execute(select(func.max(ticket_work.c.loaded_at))).scalar_one()
    happened = connection.execute(
        select(func.count()).select_from(tickets).where(tickets.c.updated_at > as_of)
    ).scalar_one()
    return f"{loaded_at} {scored_at} {happened}"
