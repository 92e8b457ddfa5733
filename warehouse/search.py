"""Search within one organization: exact, so that a small tenant among large ones finds its own.

Source of the choice: measured recall of approximate indexes under a tenant filter, in
docs/decisions/0006-exact-search.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

RANK_CONSTANT = 60  # of reciprocal rank fusion: Cormack, Clarke and Buettcher, SIGIR 2009
CANDIDATES = 30


@dataclass(frozen=True)
class TicketHit:
    """A passage of a comment or transcript: where it is. Its text stays sealed in `sealed`."""

    ticket_id: int
    comment_id: int
    source: str
    start_char: int
    end_char: int
    similarity: float
    status: str | None


@dataclass(frozen=True)
class KnowledgeHit:
    """A passage of a document."""

    document_id: str
    title: str
    heading_path: tuple[str, ...]
    body: str
    score: float


@dataclass(frozen=True)
class SealedPassage:
    """The sealed text that a ticket hit points into."""

    row_id: str
    changed_at: datetime
    sealed: bytes

    def __repr__(self) -> str:
        return "SealedPassage(…)"


def search_tickets(
    connection: Connection, query: Sequence[float], *, model: str, limit: int
) -> list[TicketHit]:
    """The nearest passage of each of the nearest tickets, best first."""
    dimension = len(query)
    rows = connection.execute(
        text(f"""
            with nearest as (
                select distinct on (c.ticket_id)
                    c.ticket_id, c.comment_id, c.source, c.start_char, c.end_char,
                    -(c.embedding::halfvec({dimension}) <#> cast(:query as halfvec({dimension})))
                        as similarity
                from ai.ticket_chunks as c
                where c.model = :model and c.dimension = {dimension}
                order by
                    c.ticket_id,
                    c.embedding::halfvec({dimension}) <#> cast(:query as halfvec({dimension}))
            )
            select n.*, t.status
            from nearest as n
            left join zendesk.tickets as t on n.ticket_id = t.id
            order by n.similarity desc, n.ticket_id
            limit :limit
        """),
        {"query": _literal(query), "model": model, "limit": limit},
    )
    return [TicketHit(**row._mapping) for row in rows]


def sealed_passage(connection: Connection, hit: TicketHit) -> SealedPassage | None:
    """The newest version of the text that `hit` lies in; None if it has just been deleted."""
    if hit.source == "transcript":
        statement = """
            select call_id || '/' || kind || '/' || model as row_id, changed_at, sealed
            from ai.transcripts where comment_id = :id order by changed_at desc limit 1
        """
    else:
        statement = """
            select comment_id::text as row_id, changed_at, sealed
            from zendesk.comment_contents where comment_id = :id order by changed_at desc limit 1
        """
    row = connection.execute(text(statement), {"id": hit.comment_id}).one_or_none()
    return None if row is None else SealedPassage(*row)


def search_knowledge(
    connection: Connection, query: Sequence[float], words: str, *, model: str, limit: int
) -> list[KnowledgeHit]:
    """Documents' passages by meaning and by words, fused by reciprocal rank, best first."""
    dimension = len(query)
    rows = connection.execute(
        text(f"""
            with dense as (
                select document_id, chunk_no, row_number() over (
                    order by embedding::halfvec({dimension})
                        <#> cast(:query as halfvec({dimension})), document_id, chunk_no
                ) as place
                from knowledge.chunks
                where model = :model and dimension = {dimension}
                order by place limit {CANDIDATES}
            ),
            lexical as (
                select document_id, chunk_no, row_number() over (
                    order by ts_rank(words, websearch_to_tsquery('english', :words)) desc,
                        document_id, chunk_no
                ) as place
                from knowledge.chunks
                where model = :model and words @@ websearch_to_tsquery('english', :words)
                order by place limit {CANDIDATES}
            ),
            fused as (
                select document_id, chunk_no, sum(1.0 / ({RANK_CONSTANT} + place))::float8 as score
                from (select * from dense union all select * from lexical) as legs
                group by document_id, chunk_no
            )
            select f.document_id, d.title, c.heading_path, c.body, f.score
            from fused as f
            inner join knowledge.chunks as c
                on f.document_id = c.document_id and f.chunk_no = c.chunk_no and c.model = :model
            inner join knowledge.documents as d on f.document_id = d.document_id
            order by f.score desc, f.document_id, f.chunk_no
            limit :limit
        """),
        {"query": _literal(query), "words": words, "model": model, "limit": limit},
    )
    return [
        KnowledgeHit(row.document_id, row.title, tuple(row.heading_path), row.body, row.score)
        for row in rows
    ]


def _literal(vector: Sequence[float]) -> str:
    return "[" + ",".join(f"{value:.6f}" for value in vector) + "]"
