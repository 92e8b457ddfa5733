"""Customers' words for an organization that leaves: unsealed and sealed anew as they are read.

They lie in one file, JSON line by JSON line, which only a key in another file opens. Nothing plain
touches the disk. The first bytes of it are the stream's own key, wrapped by that file's.
"""

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from tasks.encryption import streams
from tasks.encryption.providers.local import LocalKey, create_file, from_file
from tasks.errors import ConfigurationError, PermanentError
from tasks.resources import Resources
from warehouse.sealed import Value
from warehouse.takeout import content_columns, iter_values

CONTENT = "content.sealed"
PLACE = b"vensor takeout"
KEY_BYTES = 32
WRAPPED_BYTES = 60  # nonce, key and tag
READ_BYTES = 2**18


def write_content(resources: Resources, folder: Path, key_file: Path) -> tuple[int, str]:
    """Writes it; the lines and the file's SHA-256.

    What is past its clock opens no more, and is not in it. The key is made where there is none.
    Raises: ConfigurationError for one in the same folder.
    """
    if key_file.absolute().is_relative_to(folder.absolute()):
        raise ConfigurationError(
            "--with-content takes a key file outside of --out: keep them apart"
        )
    create_file(key_file)
    wrapping, key = from_file(key_file), secrets.token_bytes(KEY_BYTES)
    lines, digest = _Lines(resources), hashlib.sha256()
    descriptor = os.open(folder / CONTENT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as file:
        for piece in _sealed(wrapping, key, lines):
            digest.update(piece)
            file.write(piece)
    return lines.count, digest.hexdigest()


def open_content(path: Path, key_file: Path) -> Iterator[bytes]:
    """The lines, piece by piece; they are all there only when the iteration has ended.

    Raises: PermanentError where the file or the key is another.
    """
    wrapping = from_file(key_file)
    with open(path, "rb") as file:
        key = wrapping.unwrap(file.read(WRAPPED_BYTES), PLACE)
        pieces = iter(lambda: file.read(READ_BYTES), b"")
        key_id, first = streams.read_header(pieces)
        yield from streams.iter_unsealed(key, key_id, first, pieces, PLACE)


def _sealed(wrapping: LocalKey, key: bytes, lines: Iterable[bytes]) -> Iterator[bytes]:
    yield wrapping.wrap(key, PLACE)
    yield from streams.iter_sealed(key, 0, lines, PLACE)


class _Lines:
    """A line for each value that opens, counted."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self.count = 0

    def __iter__(self) -> Iterator[bytes]:
        for column in content_columns():
            with self._resources.session() as connection:
                for value in iter_values(connection, column):
                    plain = self._opened(column.name, value)
                    if plain is not None:
                        self.count += 1
                        yield _line(column.name, value, plain)

    def _opened(self, column: str, value: Value) -> bytes | None:
        if value.changed_at is None:
            return None
        try:
            return self._resources.cipher.unseal(
                value.sealed, column=column, row_id=value.row_id, changed_at=value.changed_at
            )
        except ConfigurationError:
            raise
        except PermanentError:
            return None


def _line(column: str, value: Value, plain: bytes) -> bytes:
    told = {"in": column, "id": value.row_id, "changed_at": value.changed_at, "value": _read(plain)}
    return msgspec.json.encode(told) + b"\n"


def _read(plain: bytes) -> object:
    try:
        return msgspec.json.decode(plain)
    except msgspec.DecodeError:
        return plain.decode(errors="replace")
