"""Archives for people, as files: each a sealed stream, at home or in a store of objects."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from tasks.errors import ConfigurationError
from tasks.storage.objects import BLOCK_BYTES, READ_BYTES, told_apart


class ArchiveStore:
    """What lies below `root`, by name: `<organization id>/<archive id>`."""

    def __init__(self, files: Any, root: str) -> None:
        """`files` is an fsspec file system."""
        self._files = files
        self._root = root.rstrip("/")

    def write(self, name: str, sealed: Iterable[bytes]) -> None:
        """Writes an archive as it comes; what breaks off stays under its name, and opens not."""
        with told_apart():
            file = self._files.open(self._path(name), "wb", block_size=BLOCK_BYTES)
        try:
            for piece in sealed:
                with told_apart():  # not around the pieces: what they raise is none of the store's
                    file.write(piece)
        finally:
            with told_apart():
                file.close()

    def read(self, name: str) -> Iterator[bytes]:
        """The sealed bytes, in order. Raises: PermanentError where there is no such archive."""
        with told_apart():
            try:
                file = self._files.open(self._path(name), "rb", block_size=BLOCK_BYTES)
            except FileNotFoundError:
                raise ConfigurationError(
                    "the archive is not in its store: is VENSOR_HOME, or VENSOR_RECORDINGS_URL, the"
                    " one that it was made with?"
                ) from None
            with file:
                while piece := file.read(READ_BYTES):
                    yield piece

    def delete(self, name: str) -> None:
        """Deletes an archive; one that is not there is no error."""
        with told_apart(), suppress(FileNotFoundError):
            self._files.rm_file(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"
