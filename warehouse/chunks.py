"""The embedded passages of tickets. Every function runs in the organization's tenant session."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, select, tuple_

from warehouse.tables.ai import ticket_chunks


class ChunkKey(NamedTuple):
    """Which passage of which version of a text."""

    comment_id: int
    source: str
    chunk_no: int
    changed_at: datetime


def known_chunks(
    connection: Connection, ticket_ids: Sequence[int], *, model: str
) -> dict[ChunkKey, bytes]:
    """The keyed hash of each passage of these tickets that has a vector of this model."""
    rows = connection.execute(
        select(
            ticket_chunks.c.comment_id,
            ticket_chunks.c.source,
            ticket_chunks.c.chunk_no,
            ticket_chunks.c.changed_at,
            ticket_chunks.c.content_hash,
        ).where(ticket_chunks.c.ticket_id.in_(ticket_ids), ticket_chunks.c.model == model)
    )
    return {ChunkKey(*row[:4]): bytes(row[4]) for row in rows}


def delete_chunks(connection: Connection, keys: Sequence[ChunkKey], *, model: str) -> None:
    """Deletes the vectors of passages that are not said any more."""
    if not keys:
        return
    columns = ticket_chunks.c
    connection.execute(
        delete(ticket_chunks).where(
            columns.model == model,
            tuple_(columns.comment_id, columns.source, columns.chunk_no, columns.changed_at).in_(
                list(keys)
            ),
        )
    )
