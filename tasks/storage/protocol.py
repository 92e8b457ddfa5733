"""What every store of recordings offers. It sees sealed bytes and ids, nothing else."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from tasks.errors import PermanentError
from warehouse.recordings import Recording, Ref


class MissingError(PermanentError):
    """The recording is not in the store that its row names."""


@dataclass(frozen=True)
class Placed:
    """Where a recording lies (None: in the warehouse) and in how many pieces."""

    location: str | None
    chunks: int


class RecordingStore(Protocol):
    """A store of one organization's sealed recordings."""

    def put(self, recording: Recording, sealed: Iterable[bytes]) -> Placed:
        """Stores a recording as it comes, in place of an earlier copy.

        Whole or not at all: if `sealed` raises, nothing stays that could be read. What a killed
        process leaves is nothing's own, and `sweep` removes it.
        """
        ...

    def read(self, ref: Ref) -> Iterator[bytes]:
        """The sealed bytes, in order. Raises: MissingError."""
        ...

    def start(self, ref: Ref, count: int) -> bytes:
        """Its first `count` sealed bytes, without reading more. Raises: MissingError."""
        ...

    def delete(self, refs: Sequence[Ref]) -> None:
        """Deletes recordings; one that is not there is no error."""
        ...

    def names(self) -> set[str]:
        """The names of everything here of this organization, whole or broken off."""
        ...
