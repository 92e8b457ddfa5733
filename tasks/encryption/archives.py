"""Archives for people: a sealed stream, each under a key of its own that ends with it.

The key lies sealed under the organization's long-lived key, in a table that no backup holds. Once
it is deleted, no copy of the archive opens.
"""

import secrets
from collections.abc import Iterable, Iterator
from uuid import UUID

from tasks.encryption import sealing, streams
from tasks.encryption.datakey import KEY_BYTES
from tasks.errors import PermanentError

COLUMN = "app.exports"
OWN_KEY = 0  # no data key's id: those begin with 1


def new_key() -> bytes:
    """A key for one archive."""
    return secrets.token_bytes(KEY_BYTES)


def iter_sealed(
    key: bytes, plain: Iterable[bytes], org_id: UUID, export_id: UUID
) -> Iterator[bytes]:
    """The pieces of an archive, sealed as they come and bound to organization and archive."""
    return streams.iter_sealed(key, OWN_KEY, plain, _where(org_id, export_id))


def iter_unsealed(
    key: bytes, sealed: Iterable[bytes], org_id: UUID, export_id: UUID
) -> Iterator[bytes]:
    """The archive, piece by piece; it is whole only when the iteration has ended.

    Raises: PermanentError if it was altered, cut off or moved.
    """
    rest = iter(sealed)
    key_id, first = streams.read_header(rest)
    if key_id != OWN_KEY:
        raise PermanentError("an archive is sealed under another key than its own")
    yield from streams.iter_unsealed(key, key_id, first, rest, _where(org_id, export_id))


def _where(org_id: UUID, export_id: UUID) -> bytes:
    return sealing.place(org_id, COLUMN) + sealing.row(str(export_id), None)
