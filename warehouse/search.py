"""Search within one organization, by the functions of warehouse/sql/search.sql.

Every function runs in the organization's tenant session.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from pgvector import HalfVector
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, DOUBLE_PRECISION, TEXT, TIMESTAMP

Vector = NDArray[np.float32]
# The latest version of a text may be another than the one whose passage was found.
SEALED = text("""
    select h.place, s.column_name, s.row_id, s.changed_at, s.sealed
    from unnest(
        cast(:sources as text[]), cast(:comment_ids as bigint[]), cast(:changed_at as timestamptz[])
    ) with ordinality as h (source, comment_id, changed_at, place)
    cross join lateral (
        select
            'zendesk.comment_contents.sealed' as column_name, c.comment_id::text as row_id,
            c.changed_at, c.sealed
        from zendesk.comment_contents as c
        where
            h.source = 'comment' and c.comment_id = h.comment_id and c.changed_at = h.changed_at
        union all
        select
            'ai.transcripts.sealed', t.call_id || '/' || t.kind || '/' || t.model,
            t.changed_at, t.sealed
        from ai.transcripts as t
        where
            h.source = 'transcript' and t.comment_id = h.comment_id
            and t.changed_at = h.changed_at
        order by row_id limit 1
    ) as s
""")


@dataclass(frozen=True)
class Filters:
    """What is looked among; None does not ask. Instants are of a passage: `[from_at, to_at)`.

    Tickets can be asked for by ids, groups, statuses, and the sentiment at their end, −1 to 1,
    both limits left out: one that has none is then not found.
    """

    from_at: datetime | None = None
    to_at: datetime | None = None
    group_ids: tuple[int, ...] | None = None
    statuses: tuple[str, ...] | None = None
    ticket_ids: tuple[int, ...] | None = None
    sentiment_below: float | None = None
    sentiment_above: float | None = None


@dataclass(frozen=True)
class TicketHit:
    """A passage of a comment or transcript: where it is. Its text stays sealed."""

    ticket_id: int
    comment_id: int
    source: str
    chunk_no: int
    start_char: int
    end_char: int
    changed_at: datetime
    similarity: float
    status: str | None
    group_id: int | None
    sentiment: float | None


@dataclass(frozen=True)
class KnowledgeHit:
    """A passage of a document. `score` is its fused rank."""

    document_id: str
    chunk_no: int
    kind: str
    title: str
    url: str | None
    heading_path: Sequence[str]
    body: str
    changed_at: datetime
    similarity: float
    score: float


@dataclass(frozen=True)
class SealedText:
    """The sealed text that a ticket hit points into, and what the seal is bound to."""

    column: str
    row_id: str
    changed_at: datetime
    sealed: bytes

    def __repr__(self) -> str:
        return "SealedText(…)"


TICKETS = text(
    "select * from search.tickets(:query, :model, :k, :from_at, :to_at, :group_ids, :statuses,"
    " :ticket_ids, :sentiment_below, :sentiment_above)"
).bindparams(
    bindparam("query", type_=HALFVEC()),
    bindparam("from_at", type_=TIMESTAMP(timezone=True)),
    bindparam("to_at", type_=TIMESTAMP(timezone=True)),
    bindparam("group_ids", type_=ARRAY(BIGINT)),
    bindparam("statuses", type_=ARRAY(TEXT)),
    bindparam("ticket_ids", type_=ARRAY(BIGINT)),
    bindparam("sentiment_below", type_=DOUBLE_PRECISION),
    bindparam("sentiment_above", type_=DOUBLE_PRECISION),
)
KNOWLEDGE = text(
    "select * from search.knowledge(:query, :words, :model, :k, null, :from_at, :to_at)"
).bindparams(
    bindparam("query", type_=HALFVEC()),
    bindparam("from_at", type_=TIMESTAMP(timezone=True)),
    bindparam("to_at", type_=TIMESTAMP(timezone=True)),
)


def search_tickets(
    connection: Connection,
    query: Vector,
    *,
    model: str,
    k: int,
    filters: Filters,
) -> list[TicketHit]:
    """The nearest passage of each of the k nearest tickets that fit, best first."""
    asked = {one.name: _listed(getattr(filters, one.name)) for one in fields(filters)}
    rows = connection.execute(TICKETS, {"query": HalfVector(query), "model": model, "k": k} | asked)
    return [TicketHit(**row._mapping) for row in rows]


def _listed(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def search_knowledge(
    connection: Connection,
    query: Vector,
    words: str,
    *,
    model: str,
    k: int,
    filters: Filters,
) -> list[KnowledgeHit]:
    """The k best passages of documents by meaning and by words, fused by reciprocal rank."""
    rows = connection.execute(
        KNOWLEDGE,
        {
            "query": HalfVector(query),
            "words": words,
            "model": model,
            "k": k,
            "from_at": filters.from_at,
            "to_at": filters.to_at,
        },
    )
    return [KnowledgeHit(**row._mapping) for row in rows]


def sealed_texts(connection: Connection, hits: Sequence[TicketHit]) -> list[SealedText | None]:
    """For each hit the version of the text that it lies in; None if it has just been deleted."""
    rows = connection.execute(
        SEALED,
        {
            "sources": [hit.source for hit in hits],
            "comment_ids": [hit.comment_id for hit in hits],
            "changed_at": [hit.changed_at for hit in hits],
        },
    )
    found = {place: SealedText(*rest) for place, *rest in rows}
    return [found.get(place) for place in range(1, len(hits) + 1)]


def group_names(connection: Connection) -> dict[int, str]:
    """The names of the organization's groups, by id."""
    rows = connection.execute(text("select id, name from zendesk.groups where name is not null"))
    return {row.id: row.name for row in rows}
