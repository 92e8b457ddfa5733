"""Recordings as objects: one sealed stream each, in a folder or a bucket, through fsspec.

A name is `<organization id>/<call id>-<kind>-<random>`: ids only, and never the same twice, so that
a copy being written can't touch the one that its row names. It is written as `….partial`, which
nothing reads, and gets its name when it is whole.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

from tasks.errors import ConfigurationError, TransientError, VensorError
from tasks.storage.protocol import MissingError, Placed
from warehouse.recordings import Recording, Ref

# What is held of an object while it is written or read; S3's smallest part is 5 MiB.
BLOCK_BYTES = 8 * 2**20
READ_BYTES = 2**18


class ObjectStore:
    """One organization's objects below `root`: a folder, or a bucket and a prefix."""

    def __init__(self, files: Any, root: str, org_id: UUID) -> None:
        """`files` is an fsspec file system."""
        self._files = files
        self._root = root.rstrip("/")
        self._org = str(org_id)

    def __repr__(self) -> str:
        return f"ObjectStore({self._org})"

    def put(self, recording: Recording, sealed: Iterable[bytes]) -> Placed:
        name = f"{self._org}/{recording.call_id}-{recording.kind}-{uuid4().hex[:16]}"
        partial = self._path(f"{name}.partial")
        with told_apart():
            try:
                with self._files.open(partial, "wb", block_size=BLOCK_BYTES) as file:
                    for piece in sealed:
                        file.write(piece)
                self._files.mv(partial, self._path(name))
            except BaseException:
                with suppress(Exception):  # the next sweep tries again; the first error counts
                    self._files.rm_file(partial)
                raise
        return Placed(name, 1)

    def read(self, ref: Ref) -> Iterator[bytes]:
        with told_apart():
            try:
                file = self._files.open(
                    self._path(ref.location or ""), "rb", block_size=BLOCK_BYTES
                )
            except FileNotFoundError:
                raise _missing(ref) from None
            with file:
                while piece := file.read(READ_BYTES):
                    yield piece

    def start(self, ref: Ref, count: int) -> bytes:
        with told_apart():
            try:
                path = self._path(ref.location or "")
                return bytes(self._files.cat_file(path, start=0, end=count))
            except FileNotFoundError:
                raise _missing(ref) from None

    def delete(self, refs: Sequence[Ref]) -> None:
        self._remove([ref.location for ref in refs if ref.location is not None])

    def names(self) -> set[str]:
        with told_apart():
            found = self._files.find(self._path(self._org))
        return {path.removeprefix(f"{self._root}/") for path in found}

    def sweep(self, needed: set[str]) -> int:
        """Deletes every object of this organization that is not `needed`; how many.

        Only while no other process writes for it: what is being written is not needed yet.
        """
        rest = sorted(self.names() - needed)
        self._remove(rest)
        return len(rest) + self._end_uploads()

    def _remove(self, names: Sequence[str]) -> None:
        with told_apart():
            for name in names:
                with suppress(FileNotFoundError):
                    self._files.rm_file(self._path(name))

    def _end_uploads(self) -> int:
        """Ends S3's uploads in parts that a killed process began: they are in no list of names."""
        if not hasattr(self._files, "list_multipart_uploads"):
            return 0
        bucket, _, below = self._path(f"{self._org}/").partition("/")
        with told_apart():
            found = self._files.list_multipart_uploads(bucket)
            ours = [one for one in found if one["Key"].startswith(below)]
            for one in ours:
                self._files.abort_mpu(bucket, one["Key"], one["UploadId"])
        return len(ours)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"


def _missing(ref: Ref) -> MissingError:
    return MissingError(f"the recording {ref.kind} of call {ref.call_id} is not in its store")


@contextmanager
def told_apart() -> Iterator[None]:
    """A store's errors as ours, without their words: those may quote keys and addresses.

    Each kind of store raises errors of its own library, so what is not known may pass by itself.
    """
    try:
        yield
    except VensorError:
        raise  # it is of the stream that is being stored
    except PermissionError:
        raise ConfigurationError(
            "the store refuses; are VENSOR_RECORDINGS_URL and …_OPTIONS right?"
        ) from None
    except Exception as error:
        raise TransientError(f"the store failed ({type(error).__name__})") from None
