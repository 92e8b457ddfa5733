"""The sealed format: `version(1) | algorithm(1) | key_id(4) | nonce(12) | ciphertext | tag(16)`.

The header is authenticated together with where the value belongs, so that a ciphertext moved to
another organization, column, row or version of the row does not open. The key id selects exactly
one key: nothing is ever tried with several.

The additional data is `header | place | row`: the place is organization and column, the row its
primary key without organization and instant, joined by "/", and its version, `changed_at` in
microseconds since 1970 (absent where the row has none). Each part is length-prefixed.
"""

import os
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tasks.encryption.opened import Opened
from tasks.errors import PermanentError

VERSION = 1
AES_256_GCM = 1
HEADER = struct.Struct(">BBI")
NONCE_BYTES = 12
NONCE = slice(HEADER.size, HEADER.size + NONCE_BYTES)
BODY = slice(NONCE.stop, None)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DRAWN = struct.Struct(f"{NONCE_BYTES}s" * 1024)

# Random nonces, drawn many at once: the call to the system costs a third of what sealing costs.
# `pop` is atomic, so no two threads get the same one; a forked process starts with none of them.
NONCES: list[bytes] = []
os.register_at_fork(after_in_child=NONCES.clear)

# By the length of a row's id in bytes, what packs `length | id | 8 | microseconds`.
ROWS: Opened[int, Callable[..., bytes]] = Opened(
    lambda length: struct.Struct(f">I{length}sIq").pack
)


def place(org_id: UUID, column: str) -> bytes:
    """`column` is `schema.table.column`."""
    return _prefixed(org_id.bytes) + _prefixed(column.encode())


def row(row_id: str, changed_at: datetime | None) -> bytes:
    """Which row of the place, and which version of it."""
    name = row_id.encode()
    if changed_at is None:
        return _prefixed(name) + _prefixed(b"")
    return ROWS[len(name)](len(name), name, 8, microseconds(changed_at - EPOCH))


def microseconds(since: timedelta) -> int:
    """Exactly: a float of seconds would round."""
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def draw_nonces() -> bytes:
    """One nonce, when `NONCES` has none left, and many more for the next ones."""
    own, *others = DRAWN.unpack(os.urandom(DRAWN.size))
    NONCES.extend(others)
    return bytes(own)


def key_id_of(sealed: bytes) -> int:
    """The id of the key that opens what begins so. Raises: PermanentError on another format."""
    if len(sealed) < HEADER.size:
        raise PermanentError("a sealed value is shorter than its own header: it was cut off")
    version, algorithm, key_id = HEADER.unpack_from(sealed)
    if (version, algorithm) != (VERSION, AES_256_GCM):
        raise PermanentError(f"a sealed value has the unknown format {version}/{algorithm}")
    return int(key_id)


def decrypt(key: AESGCM, sealed: bytes, additional: bytes) -> bytes:
    """The plaintext of a sealed value, bound to `additional`.

    Raises: PermanentError if one bit, the key or the additional data is not the same.
    """
    try:
        return key.decrypt(sealed[NONCE], sealed[BODY], additional)
    except (InvalidTag, ValueError):  # ValueError: it was cut off within its nonce
        raise PermanentError(
            "a sealed value does not open: it was altered, moved or sealed under another key"
        ) from None


def _prefixed(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part
