"""Reading files in a process of its own, which ends where one takes more than a document may.

Formats for documents can be made to unpack, refer to themselves and go on: no check of ours knows
all the ways. What the system counts is the same for each.
"""

import resource
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from types import TracebackType
from typing import Self

from tasks.documents.document import FileDocument, UnreadableDocumentError
from tasks.documents.reading import read_document

MOST_SECONDS = 60  # of the processor, for each file
MOST_BYTES = 2 * 2**30


class Reader:
    """Reads files as `read_document` does, one after the other. Its process ends with the block."""

    def __init__(self, *, most_seconds: int = MOST_SECONDS) -> None:
        self._most_seconds = most_seconds
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def read(self, name: str, data: bytes) -> FileDocument:
        """As `read_document`. Raises: UnreadableDocumentError, also where it takes too much."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, get_context("spawn"), initializer=_bound)
        try:
            return self._pool.submit(_read, name, data, self._most_seconds).result()
        except (BrokenProcessPool, MemoryError):
            self._end()
            raise UnreadableDocumentError(
                f"takes more than {self._most_seconds} seconds or {MOST_BYTES // 2**30} GB to read;"
                " save it anew, or split it"
            ) from None

    def _end(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None


def _bound() -> None:
    """No core either: it would be the document, in the clear."""
    for what, most in ((resource.RLIMIT_AS, MOST_BYTES), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(what, (most, resource.getrlimit(what)[1] if most else 0))


def _read(name: str, data: bytes, most_seconds: int) -> FileDocument:
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (spent + 1 + most_seconds, hard))
    return read_document(name, data)
