"""The key-encryption key: what an organization's data keys are wrapped under."""

import base64
import binascii
import os
import secrets
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tasks.errors import ConfigurationError, PermanentError

KEY_BYTES = 32
NONCE_BYTES = 12
HOW_TO_MAKE_ONE = "make one with `openssl rand -base64 32`"


class KeyProvider(Protocol):
    """Wraps and unwraps data keys; the key-encryption key itself stays with the provider."""

    @property
    def key_uri(self) -> str:
        """Names the key, never its value; stored beside what it wraps."""
        ...

    def wrap(self, key: bytes, context: bytes) -> bytes: ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes: ...


class LocalKey:
    """A key held by this process, from a file or the environment."""

    def __init__(self, key: bytes, *, key_uri: str) -> None:
        """Raises: ConfigurationError for a key that is short or plainly not random."""
        if len(key) != KEY_BYTES or len(set(key)) < 8:
            raise ConfigurationError(
                f"the key-encryption key ({key_uri}) is not {KEY_BYTES} random bytes;"
                f" {HOW_TO_MAKE_ONE}"
            )
        self._aead = AESGCM(key)
        self._key_uri = key_uri

    @property
    def key_uri(self) -> str:
        return self._key_uri

    def __repr__(self) -> str:
        return f"LocalKey({self._key_uri})"

    def wrap(self, key: bytes, context: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        try:
            return self._aead.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)
        except InvalidTag:
            raise PermanentError(
                f"a data key does not open under the key-encryption key {self._key_uri};"
                " is VENSOR_KEK or VENSOR_HOME the one that it was made with?"
            ) from None


def load_or_create_kek(home: Path, from_environment: str | None) -> LocalKey:
    """The key of VENSOR_KEK, else the one in `home`, made there on first use (mode 0600).

    Raises: ConfigurationError if what there is cannot be a key.
    """
    if from_environment is not None:
        return LocalKey(_decoded(from_environment, "VENSOR_KEK"), key_uri="env:VENSOR_KEK")
    path = home / "kek"
    if not path.exists():
        _create(path)
    return LocalKey(_decoded(path.read_text(), str(path)), key_uri="file:kek")


def _create(path: Path) -> None:
    """Makes the file whole or not at all; the first of two processes wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f"kek.{os.getpid()}")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(partial, path)
    except FileExistsError:
        pass  # another process made it first: that one counts
    finally:
        partial.unlink()


def _decoded(text: str, where: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise ConfigurationError(
            f"the key-encryption key in {where} is not base64; {HOW_TO_MAKE_ONE}"
        ) from None
