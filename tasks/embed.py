"""Embedding: each passage of a ticket and of a document gets its vector, once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from pgvector import HalfVector

from tasks.cells import Cells, find_cells, refresh_cells
from tasks.conversation import OpenConversation, mark_read, open_conversations
from tasks.embedding import Embedder, LocalEmbedder, chunk_document, chunk_turn
from tasks.encryption import Cipher
from tasks.progress import report
from tasks.resources import Resources, opened
from tasks.step import step
from warehouse import knowledge
from warehouse.chunks import ChunkKey, delete_chunks, known_chunks
from warehouse.knowledge import Chunk, Document
from warehouse.ledger import StageResult
from warehouse.loading import Rows, merge
from warehouse.pending import PendingTicket, known_hashes, pending_tickets
from warehouse.tables.ai import ticket_chunks

TICKETS_AT_ONCE = 64
CHUNK = (
    "comment_id",
    "source",
    "model",
    "chunk_no",
    "ticket_id",
    "start_char",
    "end_char",
    "content_hash",
    "dimension",
    "embedding",
    "cell",
    "changed_at",
)


@step
def embed_text(slug: str) -> StageResult:
    """Embeds what is loaded and has no vector of the present model: documents, then tickets."""
    with opened(slug) as resources:
        embedder = LocalEmbedder()
        documents = _embed_documents(resources, embedder)
        with resources.session() as connection:
            pending = pending_tickets(connection, "embed", embedder.model_version)
            cells = find_cells(connection, embedder)
        written = 0
        for at in range(0, len(pending), TICKETS_AT_ONCE):
            report("embed", at, total=len(pending), note="tickets")
            batch = pending[at : at + TICKETS_AT_ONCE]
            written += _embed_tickets(resources, embedder, cells, batch)
        refresh_cells(resources, embedder)
        return StageResult(len(pending) + documents, written, note=f"{documents} documents")


def _embed_documents(resources: Resources, embedder: Embedder) -> int:
    with resources.session() as connection:
        found = knowledge.unchunked_documents(connection, model=embedder.model_version)
    for number, document in enumerate(found):
        report("embed", number, total=len(found), note="documents")
        _embed_document(resources, embedder, document)
    return len(found)


def _embed_document(resources: Resources, embedder: Embedder, document: Document) -> None:
    chunks = chunk_document(document.body, document.title)
    texts = [f"{' › '.join(chunk.heading_path)}\n{chunk.text}" for chunk in chunks]
    vectors = embedder.embed(texts)
    with resources.session() as connection:
        knowledge.replace_chunks(
            connection,
            resources.organization.org_id,
            document,
            [
                Chunk(chunk.heading_path, chunk.text, vector.tolist())
                for chunk, vector in zip(chunks, vectors, strict=True)
            ],
            model=embedder.model_version,
            dimension=embedder.dimension,
        )


def _embed_tickets(
    resources: Resources, embedder: Embedder, cells: Cells, pending: Sequence[PendingTicket]
) -> int:
    """The chunks written for these tickets: those that are there already are left alone."""
    model = embedder.model_version
    ids = [ticket.ticket_id for ticket in pending]
    with resources.session() as connection:
        hashes = known_hashes(connection, ids, task="embed", model_version=model)
        conversations = open_conversations(connection, resources.cipher, ids)
        changed = [one for one in conversations if hashes.get(one.ticket_id) != one.content_hash]
        known = known_chunks(connection, [one.ticket_id for one in changed], model=model)
    wanted = {
        passage.key: passage for one in changed for passage in _passages(resources.cipher, one)
    }
    missing = [one for key, one in wanted.items() if known.get(key) != one.content_hash]
    stale = [key for key in known if key not in wanted or known[key] != wanted[key].content_hash]
    vectors = embedder.embed([passage.text for passage in missing])
    rows = [
        passage.row(embedder, vector, cell)
        for passage, vector, cell in zip(missing, vectors, cells.of(vectors), strict=True)
    ]
    with resources.session() as connection:
        delete_chunks(connection, stale, model=model)
        merge(connection, resources.organization.org_id, Rows(ticket_chunks, CHUNK, rows))
        mark_read(connection, resources, pending, conversations, task="embed", model_version=model)
    return len(rows)


@dataclass(frozen=True)
class Passage:
    """A stretch of a comment or transcript that gets one vector. `repr` hides its words."""

    ticket_id: int
    comment_id: int
    source: str
    chunk_no: int
    start_char: int
    end_char: int
    text: str
    content_hash: bytes
    changed_at: datetime

    def __repr__(self) -> str:
        return f"Passage({self.source} of {self.comment_id}, {self.chunk_no})"

    @property
    def key(self) -> ChunkKey:
        return ChunkKey(self.comment_id, self.source, self.chunk_no, self.changed_at)

    def row(
        self, embedder: Embedder, vector: NDArray[np.float32], cell: int
    ) -> tuple[object, ...]:
        """The passage's row, in the order of CHUNK."""
        return (
            self.comment_id,
            self.source,
            embedder.model_version,
            self.chunk_no,
            self.ticket_id,
            self.start_char,
            self.end_char,
            self.content_hash,
            embedder.dimension,
            HalfVector(vector),
            cell,
            self.changed_at,
        )


def _passages(cipher: Cipher, conversation: OpenConversation) -> Iterator[Passage]:
    for text in conversation.texts:
        for number, chunk in enumerate(chunk_turn(text.words)):
            yield Passage(
                conversation.ticket_id,
                text.comment_id,
                text.source,
                number,
                chunk.start_char,
                chunk.end_char,
                chunk.text,
                cipher.keyed_hash(chunk.text.encode(), purpose="chunk"),
                text.changed_at,
            )
