"""Stored recordings, opened: whole in memory to be heard, or piece by piece to be handed on."""

from collections.abc import Iterable, Iterator
from hmac import HMAC, compare_digest
from io import BytesIO

from sqlalchemy import Connection

from tasks.errors import PermanentError
from tasks.resources import Resources
from tasks.storage import Stores
from warehouse.recordings import Recording

COLUMN = "zendesk.recordings"
DIGEST = "recording"


class DamagedError(PermanentError):
    """What is stored is not what was fetched."""


class Measured:
    """Pieces as they pass, with their size and digest."""

    def __init__(self, pieces: Iterable[bytes], digest: HMAC) -> None:
        self._pieces = pieces
        self.digest = digest
        self.size_bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.size_bytes += len(piece)
            self.digest.update(piece)
            yield piece


def iter_audio(
    resources: Resources, stores: Stores, connection: Connection, recording: Recording
) -> Iterator[bytes]:
    """The bytes of a stored recording, in order; they are right only when the iteration has ended.

    Raises: PermanentError where it does not open, DamagedError where size or digest differ.
    """
    sealed = stores.holding(connection, recording.ref).read(recording.ref)
    plain = resources.cipher.unseal_stream(sealed, column=COLUMN, row_id=row_id(recording))
    measured = Measured(plain, digest_of(resources))
    yield from measured
    same = compare_digest(measured.digest.digest(), recording.digest or b"")
    if measured.size_bytes != recording.size_bytes or not same:
        raise DamagedError(f"the recording of call {recording.call_id} is not what was fetched")


def read_recording(
    resources: Resources, stores: Stores, connection: Connection, recording: Recording
) -> bytes:
    """All of it, in memory: at most the 200 MiB that are fetched. Raises: as `iter_audio`."""
    audio = BytesIO()
    for piece in iter_audio(resources, stores, connection, recording):
        audio.write(piece)
    return audio.getvalue()


def digest_of(resources: Resources) -> HMAC:
    """What makes a recording's digest: keyed, so that it reveals nothing."""
    return resources.cipher.keyed_hasher(purpose=DIGEST)


def row_id(recording: Recording) -> str:
    """What a sealed recording is bound to, beside its organization."""
    return f"{recording.call_id}/{recording.kind}"
