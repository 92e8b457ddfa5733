"""How each stream of a source is read, and what the last probe of each way found."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from warehouse.tables.app import stream_modes


@dataclass(frozen=True)
class StreamMode:
    """A stream's mode, "export", "list" or "off"; `export` and `list` are what was found.

    Found is "works", "refused", "broken", or "none" where the source has no such way.
    """

    stream: str
    mode: str
    export: str
    list: str
    reason: str
    probed_at: datetime


def read_modes(connection: Connection, source: str) -> dict[str, StreamMode]:
    """What is known of each stream, by its name. In the tenant session."""
    c = stream_modes.c
    rows = connection.execute(
        select(c.stream, c.mode, c.export, c.list, c.reason, c.probed_at).where(c.source == source)
    )
    return {row.stream: StreamMode(*row) for row in rows}


def write_mode(connection: Connection, org_id: UUID, source: str, found: StreamMode) -> None:
    """Notes what was found, in place of what was known."""
    values = {
        "mode": found.mode,
        "export": found.export,
        "list": found.list,
        "reason": found.reason,
        "probed_at": found.probed_at,
    }
    statement = insert(stream_modes).values(
        org_id=org_id, source=source, stream=found.stream, **values
    )
    connection.execute(
        statement.on_conflict_do_update(index_elements=["org_id", "source", "stream"], set_=values)
    )
