"""Signatures that tell later that a document is this installation's own, unaltered.

The key of each is random, and wrapped by the key-encryption key beside the signature: whoever has
that key can check it, with a key service as with a file, and nobody else can make one.
"""

import base64
import hmac
import secrets
from uuid import UUID

import msgspec

from tasks.encryption.kek import KeyEncryptionKeys
from tasks.errors import ConfigurationError, PermanentError

KEY_BYTES = 32


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An HMAC-SHA256, and its key as `kek_uri` wraps it; both in base64."""

    kek_uri: str
    wrapped: str
    mac: str


def sign(kek: KeyEncryptionKeys, document: bytes, *, org_id: UUID) -> Signature:
    """The signature of a document of this organization."""
    key = secrets.token_bytes(KEY_BYTES)
    kek_uri, wrapped = kek.wrap(key, _context(org_id))
    mac = hmac.digest(key, document, "sha256")
    return Signature(kek_uri, _text(wrapped), _text(mac))


def verify(kek: KeyEncryptionKeys, document: bytes, signature: Signature, *, org_id: UUID) -> bool:
    """Whether the document is what was signed.

    Raises: ConfigurationError where another key-encryption key signed it.
    """
    try:
        wrapped, mac = base64.b64decode(signature.wrapped), base64.b64decode(signature.mac)
        key = kek.unwrap(signature.kek_uri, wrapped, _context(org_id))
    except ConfigurationError:
        raise
    except (ValueError, PermanentError):
        return False
    return hmac.compare_digest(hmac.digest(key, document, "sha256"), mac)


def _context(org_id: UUID) -> bytes:
    """What the wrap of a signature's key is bound to."""
    return b"vensor signature" + org_id.bytes


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
