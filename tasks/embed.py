"""Embedding: each passage of a ticket and of a document gets its vector, once.

While one batch's vectors are made, the next is opened and cut into passages. A run that is killed,
or stopped by a budget, has stored whole batches; the next one goes on with what is left.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from pgvector import HalfVector

from tasks.cells import Cells, find_cells, refresh_cells
from tasks.choices import note_local, opened_embedder
from tasks.conversation import OpenConversation, mark_read, open_conversations
from tasks.embedding import Batch, Embedder, chunk_document, chunk_turn
from tasks.encryption import Cipher
from tasks.errors import BudgetSpentError
from tasks.ledger import turn
from tasks.prefetch import prefetched
from tasks.progress import report
from tasks.resources import Resources, opened
from tasks.step import step
from warehouse import knowledge
from warehouse.chunks import ChunkKey, delete_chunks, forget_former, known_chunks, known_vectors
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
Vectors = NDArray[np.float32]


@dataclass(frozen=True, repr=False)
class Work:
    """A batch of passages, and what stores their vectors ((len(texts), dimension) float32).

    `save` returns the rows that it wrote; `pending` tickets or documents are done with it.
    """

    pending: int
    batch: Batch
    save: Callable[[Vectors], int]


@step
def embed_text(slug: str) -> StageResult:
    """Embeds what is loaded and has no vector of the present model: documents, then tickets."""
    with opened(slug) as resources, opened_embedder(resources) as embedder:
        return Embedding(resources, embedder).run()


@step
def embed_documents(slug: str) -> StageResult:
    """As `embed_text`, documents only: for those who cannot wait for the day's run."""
    with opened(slug) as resources, turn(resources), opened_embedder(resources) as embedder:
        return Embedding(resources, embedder).run(tickets=False)


class Embedding:
    """One organization's passages into vectors of one model."""

    def __init__(self, resources: Resources, embedder: Embedder) -> None:
        self._resources = resources
        self._embedder = embedder
        self._model = embedder.model_version
        self._cells = Cells((), np.zeros((0, embedder.dimension), dtype=np.float32))
        self._rows_in = 0
        self._written = 0

    def run(self, *, tickets: bool = True) -> StageResult:
        """Embeds all that is pending, or as much as the budget allows."""
        with self._resources.session() as connection:
            documents = knowledge.unchunked_documents(connection, model=self._model)
            pending = pending_tickets(connection, "embed", self._model) if tickets else []
            self._cells = find_cells(
                connection, model=self._model, dimension=self._embedder.dimension
            )
        note = f"{len(documents)} documents"
        try:
            self._work_through(chain(self._documents(documents), self._tickets(pending)))
        except BudgetSpentError:
            note = "stopped: today's budget for models is spent; the next day goes on"
        else:
            if tickets:
                self._forget_former()
        refresh_cells(self._resources, model=self._model, dimension=self._embedder.dimension)
        if not self._embedder.remote:
            note_local(self._resources, "embed", self._model, items=self._written)
        return StageResult(self._rows_in, self._written, note=note)

    def _work_through(self, works: Iterable[Work]) -> None:
        ahead: deque[Work] = deque()

        def batches() -> Iterator[Batch]:
            for work in prefetched(iter(works)):
                if work.batch.texts:
                    ahead.append(work)
                    yield work.batch
                else:
                    self._save(work, np.zeros((0, self._embedder.dimension), dtype=np.float32))

        for vectors in self._embedder.embed_each(batches()):
            self._save(ahead.popleft(), vectors)

    def _save(self, work: Work, vectors: Vectors) -> None:
        self._written += work.save(vectors)
        self._rows_in += work.pending

    def _documents(self, documents: Sequence[Document]) -> Iterator[Work]:
        for number, document in enumerate(documents):
            report("embed", number, total=len(documents), note="documents")
            yield self._document(document)

    def _document(self, document: Document) -> Work:
        """A passage that stood in an earlier version, under the same headings, has its vector."""
        chunks = chunk_document(document.body, document.title)
        with self._resources.session() as connection:
            known = knowledge.known_vectors(connection, document.document_id, model=self._model)
        missing = [chunk for chunk in chunks if (chunk.heading_path, chunk.text) not in known]
        texts = [f"{' › '.join(chunk.heading_path)}\n{chunk.text}" for chunk in missing]

        def save(vectors: Vectors) -> int:
            made = dict(known)
            for chunk, vector in zip(missing, vectors, strict=True):
                made[chunk.heading_path, chunk.text] = vector.tolist()
            found = [
                Chunk(chunk.heading_path, chunk.text, made[chunk.heading_path, chunk.text])
                for chunk in chunks
            ]
            with self._resources.session() as connection:
                knowledge.replace_chunks(
                    connection,
                    self._resources.organization.org_id,
                    document,
                    found,
                    model=self._model,
                    dimension=self._embedder.dimension,
                )
            return len(found)

        return Work(1, Batch(texts), save)

    def _tickets(self, pending: Sequence[PendingTicket]) -> Iterator[Work]:
        for at in range(0, len(pending), TICKETS_AT_ONCE):
            report("embed", at, total=len(pending), note="tickets")
            yield self._ticket_batch(pending[at : at + TICKETS_AT_ONCE])

    def _ticket_batch(self, pending: Sequence[PendingTicket]) -> Work:
        """The passages of these tickets whose words have no vector yet, each of them once."""
        cipher, ids = self._resources.cipher, [ticket.ticket_id for ticket in pending]
        with self._resources.session("embed tickets") as connection:
            hashes = known_hashes(connection, ids, task="embed", model_version=self._model)
            conversations = open_conversations(connection, cipher, ids)
            changed = [
                one for one in conversations if hashes.get(one.ticket_id) != one.content_hash
            ]
            changed_ids = [one.ticket_id for one in changed]
            known = known_chunks(connection, changed_ids, model=self._model)
            wanted = {one.key: one for each in changed for one in _passages(cipher, each)}
            missing = [one for key, one in wanted.items() if known.get(key) != one.content_hash]
            vectors = known_vectors(
                connection, changed_ids, {one.content_hash for one in missing}, model=self._model
            )
        fresh = {one.content_hash: one for one in missing if one.content_hash not in vectors}
        stale = [key for key, told in known.items() if _is_stale(wanted.get(key), told)]
        batch = Batch(
            [one.text for one in fresh.values()], [one.ticket_id for one in fresh.values()]
        )

        def save(made: Vectors) -> int:
            found = vectors | dict(zip(fresh, made, strict=True))
            rows = [self._row(one, found[one.content_hash]) for one in missing]
            self._store(stale, rows, pending, conversations)
            return len(rows)

        return Work(len(pending), batch, save)

    def _row(self, passage: "Passage", vector: NDArray[np.float32]) -> tuple[object, ...]:
        (cell,) = self._cells.of(vector[np.newaxis])
        return passage.row(self._embedder, vector, cell)

    def _store(
        self,
        stale: Sequence[ChunkKey],
        rows: list[tuple[object, ...]],
        pending: Sequence[PendingTicket],
        conversations: Sequence[OpenConversation],
    ) -> None:
        with self._resources.session() as connection:
            delete_chunks(connection, stale, model=self._model)
            org_id = self._resources.organization.org_id
            merge(connection, org_id, Rows(ticket_chunks, CHUNK, rows))
            mark_read(
                connection,
                self._resources,
                pending,
                conversations,
                task="embed",
                model_version=self._model,
            )

    def _forget_former(self) -> None:
        """Vectors of a former model go once there are all of the present one."""
        with self._resources.session() as connection:
            forget_former(connection, model=self._model)


def _is_stale(passage: "Passage | None", content_hash: bytes) -> bool:
    return passage is None or passage.content_hash != content_hash


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

    def row(self, embedder: Embedder, vector: NDArray[np.float32], cell: int) -> tuple[object, ...]:
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
