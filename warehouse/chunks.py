"""The embedded passages of tickets. Every function runs in the organization's tenant session."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, select, tuple_

from warehouse.tables import knowledge
from warehouse.tables.ai import passage_cells, ticket_chunks, ticket_work


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


def known_vectors(
    connection: Connection, ticket_ids: Sequence[int], hashes: Collection[bytes], *, model: str
) -> dict[bytes, NDArray[np.float32]]:
    """The vectors that these tickets have for words with these keyed hashes, wherever they stood.

    A comment that is loaded anew has another `changed_at`, mostly with the same words.
    """
    if not hashes:
        return {}
    columns = ticket_chunks.c
    rows = connection.execute(
        select(columns.content_hash, columns.embedding).where(
            columns.ticket_id.in_(ticket_ids),
            columns.model == model,
            columns.content_hash.in_(hashes),
        )
    )
    return {bytes(one): np.array(vector, dtype=np.float32) for one, vector in rows}


def forget_former(connection: Connection, *, model: str) -> int:
    """Deletes what other models than `model` made of tickets and documents; the vectors gone."""
    connection.execute(delete(passage_cells).where(passage_cells.c.model != model))
    connection.execute(
        delete(ticket_work).where(
            ticket_work.c.task == "embed", ticket_work.c.model_version != model
        )
    )
    return sum(
        connection.execute(delete(table).where(table.c.model != model)).rowcount
        for table in (ticket_chunks, knowledge.chunks)
    )
