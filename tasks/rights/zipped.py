"""A zip file as a stream of bytes: nothing of it is held but the piece that is being written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

READABLE_BY_OWNER = 0o600 << 16


@dataclass
class Member:
    """One file of the archive; size and digest are known once `pieces` have passed."""

    name: str
    pieces: Iterable[bytes]
    compressed: bool = True
    size_bytes: int = 0
    sha256: str = ""

    def __iter__(self) -> Iterator[bytes]:
        digest = sha256()
        for piece in self.pieces:
            digest.update(piece)
            self.size_bytes += len(piece)
            yield piece
        self.sha256 = digest.hexdigest()


def iter_zip(members: Iterable[Member], made_at: datetime) -> Iterator[bytes]:
    """The archive's bytes, as its members come."""
    pipe = _Pipe()
    with ZipFile(pipe, "w") as archive:
        for member in members:
            info = ZipInfo(member.name, made_at.timetuple()[:6])
            info.compress_type = ZIP_DEFLATED if member.compressed else ZIP_STORED
            info.external_attr = READABLE_BY_OWNER
            with archive.open(info, "w", force_zip64=True) as file:
                for piece in member:
                    file.write(piece)
                    yield from pipe.taken()
            yield from pipe.taken()
    yield from pipe.taken()


class _Pipe:
    """What the archive is written to: its bytes wait here until they are taken."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""

    def taken(self) -> Iterator[bytes]:
        if self._held:
            piece = bytes(self._held)
            self._held.clear()
            yield piece
