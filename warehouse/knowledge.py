"""Documents and their chunks. Every function runs in the organization's tenant session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from warehouse.tables.ai import sop_checks
from warehouse.tables.knowledge import chunks, documents, versions

Loaded = Literal["added", "changed", "unchanged"]


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
class Version:
    """What a document said once; `version` is the SHA-256 of title and body."""

    version: bytes
    title: str
    body: str
    first_seen_at: datetime
    present_since: datetime


@dataclass(frozen=True)
class Listed:
    """A document in a list: how many versions it had, and how many passages have vectors."""

    document_id: str
    kind: str
    title: str
    version: bytes
    versions: int
    passages: int
    changed_at: datetime


@dataclass(frozen=True)
class Chunk:
    """A passage of a document with its place and its vector ((dimension,) float32)."""

    heading_path: tuple[str, ...]
    body: str
    embedding: Sequence[float]


def find_documents(connection: Connection, *, kind: str) -> list[Document]:
    """The documents of a kind, by id."""
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


def kinds(connection: Connection) -> dict[str, str]:
    """The kind of each document that is here, by its id."""
    rows = connection.execute(select(documents.c.document_id, documents.c.kind))
    return {row.document_id: row.kind for row in rows}


def listed_documents(connection: Connection) -> list[Listed]:
    """Every document, by kind and title."""
    rows = connection.execute(
        text("""
            select
                d.document_id, d.kind, d.title, d.version,
                (select count(*) from knowledge.versions as v where v.document_id = d.document_id)
                    as versions,
                (
                    select count(*) from knowledge.chunks as c
                    where c.document_id = d.document_id and c.version = d.version
                ) as passages,
                d.changed_at
            from knowledge.documents as d
            order by d.kind desc, d.title, d.document_id
        """)
    )
    return [Listed(**row._mapping) for row in rows]


def versions_of(connection: Connection, document_id: str) -> list[Version]:
    """What a document has said, the present version first."""
    rows = connection.execute(
        select(
            versions.c.version,
            versions.c.title,
            versions.c.body,
            versions.c.first_seen_at,
            versions.c.present_since,
        )
        .where(versions.c.document_id == document_id)
        .order_by(versions.c.present_since.desc())
    )
    return [Version(**row._mapping) for row in rows]


def put_document(
    connection: Connection, org_id: UUID, document: Document, *, url: str | None
) -> Loaded:
    """Stores what a document says now, and whether that is new."""
    present = connection.execute(
        select(documents.c.version, documents.c.kind)
        .where(documents.c.document_id == document.document_id)
        .with_for_update()
    ).one_or_none()
    if present is not None and tuple(present) == (document.version, document.kind):
        return "unchanged"
    values = {
        "kind": document.kind,
        "title": document.title,
        "body": document.body,
        "url": url,
        "version": document.version,
        "changed_at": document.changed_at,
    }
    connection.execute(
        insert(documents)
        .values(org_id=org_id, document_id=document.document_id, **values)
        .on_conflict_do_update(
            index_elements=["org_id", "document_id"],
            set_={**values, "loaded_at": func.clock_timestamp()},
        )
    )
    return "added" if present is None else "changed"


def forget_documents(connection: Connection, document_ids: Sequence[str]) -> int:
    """Deletes documents with their versions, their passages and the verdicts by them; how many."""
    for table in (sop_checks, chunks, versions):
        connection.execute(delete(table).where(table.c.document_id.in_(document_ids)))
    done = connection.execute(delete(documents).where(documents.c.document_id.in_(document_ids)))
    return done.rowcount


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
