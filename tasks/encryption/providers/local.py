"""A key that this process holds: from the environment, or from a file."""

import base64
import binascii
import hashlib
import os
import secrets
import stat
from itertools import pairwise
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tasks.encryption.datakey import KEY_BYTES
from tasks.encryption.providers.protocol import not_opened
from tasks.errors import ConfigurationError, PermanentError

NONCE_BYTES = 12
HOW_TO_MAKE_ONE = "make one with `openssl rand -base64 32`"
# Of 32 random bytes 28 or more are different from each other; so few as this never are.
FEWEST_DIFFERENT = 17


class LocalKey:
    """An AES-256 key in memory. Its URI tells which one it is, wherever it came from."""

    def __init__(self, key: bytes, *, where: str) -> None:
        """`where` is for people. Raises: ConfigurationError for what is plainly not random."""
        if _is_weak(key):
            raise ConfigurationError(
                f"the key-encryption key in {where} is not {KEY_BYTES} random bytes;"
                f" {HOW_TO_MAKE_ONE}"
            )
        self._aead = AESGCM(key)
        self._key_uri = f"local:{hashlib.sha256(b'vensor kek' + key).hexdigest()[:16]}"

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
        except (InvalidTag, ValueError):
            raise PermanentError(not_opened(self._key_uri)) from None


def from_text(text: str, where: str) -> LocalKey:
    """The key that `text` is the base64 of. Raises: ConfigurationError."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise ConfigurationError(
            f"the key-encryption key in {where} is not base64; {HOW_TO_MAKE_ONE}"
        ) from None
    return LocalKey(key, where=where)


def from_file(path: Path) -> LocalKey:
    """The key in a file that nobody else may read. Raises: ConfigurationError."""
    try:
        with open(path, "rb") as file:
            found = os.fstat(file.fileno())
            text = file.read(1024).decode("ascii", "replace")
    except OSError as error:
        raise ConfigurationError(
            f"the key-encryption key in {path} is not to be read ({error.strerror})"
        ) from None
    if found.st_uid not in {os.geteuid(), 0} and os.geteuid() != 0:
        raise ConfigurationError(f"{path} belongs to another user: chown it to the one that runs")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise ConfigurationError(f"others may read the key in {path}: chmod 600 it")
    return from_text(text, str(path))


def create_file(path: Path) -> None:
    """Makes a file with a new key, whole or not at all; one that is there stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = _written(path)
    try:
        os.link(partial, path)
    except FileExistsError:
        pass  # another process made it first: that one counts
    finally:
        partial.unlink()


def replace_file(path: Path, former: Path) -> None:
    """Puts a new key in the place of the one at `path`, which `former` keeps.

    Killed at any instant, both keys can be read, and the same call goes on: where `former` holds
    another key than `path`, the new one is in its place already.
    """
    if not former.exists():
        os.link(path, former)
        _sync(path.parent)
    if from_file(former).key_uri == from_file(path).key_uri:
        os.replace(_written(path), path)
        _sync(path.parent)


def _written(path: Path) -> Path:
    """A new key in a file beside `path`, on the disk."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return partial


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_weak(key: bytes) -> bool:
    """Too short, too long, or what people and loops make: zeros, patterns, counts, sentences."""
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    return (
        len(key) != KEY_BYTES
        or len(set(key)) < FEWEST_DIFFERENT
        or len(steps) == 1
        or all(32 <= byte < 127 for byte in key)
    )
