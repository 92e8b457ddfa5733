"""The sealed format: `version(1) | algorithm(1) | key_id(4) | nonce(12) | ciphertext | tag(16)`.

The header is authenticated together with where the value belongs, so that a ciphertext moved to
another organization, column, row or version of the row does not open. The key id selects exactly
one key: nothing is ever tried with several.
"""

import os
import struct
from datetime import UTC, datetime
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tasks.errors import PermanentError

VERSION = 1
AES_256_GCM = 1
HEADER = struct.Struct(">BBI")
NONCE_BYTES = 12
TAG_BYTES = 16
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def context(org_id: UUID, column: str, row_id: str, changed_at: datetime | None) -> bytes:
    """The additional data that a value is bound to. Each part is length-prefixed.

    `row_id` is the row's primary key without organization and instant, joined by "/";
    `changed_at` is the row's version, None where the row has none.
    """
    version = b"" if changed_at is None else _microseconds(changed_at)
    parts = (org_id.bytes, column.encode(), row_id.encode(), version)
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def seal(key: AESGCM, key_id: int, plaintext: bytes, where: bytes) -> bytes:
    """`plaintext` under `key`, bound to `where`; 34 bytes longer than it was."""
    header = HEADER.pack(VERSION, AES_256_GCM, key_id)
    nonce = os.urandom(NONCE_BYTES)
    return header + nonce + key.encrypt(nonce, plaintext, header + where)


def key_id_of(sealed: bytes) -> int:
    """The id of the key that opens `sealed`. Raises: PermanentError on an unknown format."""
    if len(sealed) < HEADER.size + NONCE_BYTES + TAG_BYTES:
        raise PermanentError("a sealed value is shorter than its own header: it was cut off")
    version, algorithm, key_id = HEADER.unpack_from(sealed)
    if (version, algorithm) != (VERSION, AES_256_GCM):
        raise PermanentError(f"a sealed value has the unknown format {version}/{algorithm}")
    return int(key_id)


def unseal(key: AESGCM, sealed: bytes, where: bytes) -> bytes:
    """The plaintext. Raises: PermanentError if one bit, the key or the place is not the same."""
    header, rest = sealed[: HEADER.size], sealed[HEADER.size :]
    try:
        return key.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], header + where)
    except InvalidTag:
        raise PermanentError(
            "a sealed value does not open: it was altered, moved or sealed under another key"
        ) from None


def _microseconds(instant: datetime) -> bytes:
    delta = instant - EPOCH
    micro = (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
    return micro.to_bytes(8, "big", signed=True)
