"""Recordings in the warehouse: pieces of a sealed stream, in rows of `zendesk.recording_chunks`."""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from sqlalchemy import Connection

from tasks.storage.protocol import MissingError, Placed
from warehouse.recordings import (
    Recording,
    Ref,
    chunked_recordings,
    delete_chunks,
    first_bytes,
    iter_chunks,
    write_chunk,
)

CHUNK_BYTES = 2**18


class RowStore:
    """Works within one transaction of the organization: its end makes a recording visible."""

    def __init__(self, connection: Connection, org_id: UUID) -> None:
        self._connection = connection
        self._org_id = org_id

    def put(self, recording: Recording, sealed: Iterable[bytes]) -> Placed:
        delete_chunks(self._connection, [recording.ref])
        chunks = 0
        for piece in _pieces(sealed, CHUNK_BYTES):
            write_chunk(self._connection, self._org_id, recording, chunks, piece)
            chunks += 1
        return Placed(None, chunks)

    def read(self, ref: Ref) -> Iterator[bytes]:
        empty = True
        for chunk in iter_chunks(self._connection, ref):
            empty = False
            yield chunk
        if empty:
            raise _missing(ref)

    def start(self, ref: Ref, count: int) -> bytes:
        start = first_bytes(self._connection, ref, count)
        if start is None:
            raise _missing(ref)
        return start

    def delete(self, refs: Sequence[Ref]) -> None:
        delete_chunks(self._connection, refs)

    def names(self) -> set[str]:
        return {f"{ref.call_id}-{ref.kind}" for ref in chunked_recordings(self._connection)}


def _missing(ref: Ref) -> MissingError:
    return MissingError(f"the recording {ref.kind} of call {ref.call_id} has no chunks")


def _pieces(sealed: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes, cut anew into pieces of `size`; the last may be shorter."""
    held = bytearray()
    for piece in sealed:
        held += piece
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)
