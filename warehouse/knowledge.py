"""Documents and their chunks. Every function runs in the organization's tenant session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, select, text

from warehouse.tables.knowledge import chunks, documents


@dataclass(frozen=True)
class Document:
    """A document as its source gave it; `body` may be HTML."""

    document_id: str
    kind: str
    title: str
    body: str
    version: bytes
    changed_at: datetime


@dataclass(frozen=True)
class Chunk:
    """A passage of a document with its place and its vector ((dimension,) float32)."""

    heading_path: tuple[str, ...]
    body: str
    embedding: Sequence[float]


def find_documents(connection: Connection, *, kind: str) -> list[Document]:
    rows = connection.execute(
        select(
            documents.c.document_id,
            documents.c.kind,
            documents.c.title,
            documents.c.body,
            documents.c.version,
            documents.c.changed_at,
        )
        .where(documents.c.kind == kind)
        .order_by(documents.c.document_id)
    )
    return [Document(**row._mapping) for row in rows]


def unchunked_documents(connection: Connection, *, model: str) -> list[Document]:
    """Documents whose present version has no chunks of this model."""
    rows = connection.execute(
        text("""
            select d.document_id, d.kind, d.title, d.body, d.version, d.changed_at
            from knowledge.documents as d
            where not exists (
                select from knowledge.chunks as c
                where
                    c.document_id = d.document_id and c.model = :model
                    and c.version = d.version
            )
            order by d.document_id
        """),
        {"model": model},
    )
    return [Document(**row._mapping) for row in rows]


def known_vectors(
    connection: Connection, document_id: str, *, model: str
) -> dict[tuple[tuple[str, ...], str], list[float]]:
    """The vectors of a document's passages in its stored version, by headings and words."""
    c = chunks.c
    rows = connection.execute(
        select(c.heading_path, c.body, c.embedding).where(
            c.document_id == document_id, c.model == model
        )
    )
    return {(tuple(path), body): vector for path, body, vector in rows}


def replace_chunks(
    connection: Connection,
    org_id: UUID,
    document: Document,
    found: Sequence[Chunk],
    *,
    model: str,
    dimension: int,
) -> None:
    """Puts the chunks of this version in place of those of earlier ones."""
    connection.execute(
        delete(chunks).where(chunks.c.document_id == document.document_id, chunks.c.model == model)
    )
    if not found:
        return
    connection.execute(
        chunks.insert(),
        [
            {
                "org_id": org_id,
                "document_id": document.document_id,
                "model": model,
                "chunk_no": number,
                "version": document.version,
                "heading_path": list(chunk.heading_path),
                "body": chunk.body,
                "dimension": dimension,
                "embedding": chunk.embedding,
            }
            for number, chunk in enumerate(found)
        ],
    )
