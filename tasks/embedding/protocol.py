"""What every provider of embeddings offers."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, repr=False)
class Batch:
    """Texts to embed together; `ticket_ids` are those of the texts, one each, or there are none."""

    texts: Sequence[str]
    ticket_ids: Sequence[int] = ()


class Embedder(Protocol):
    """Turns texts into vectors whose dot product is their cosine similarity."""

    @property
    def remote(self) -> bool:
        """Whether texts leave this machine: then they must be redacted before."""
        ...

    @property
    def model_version(self) -> str:
        """The name of model and weights, stored with each vector: never mix two in one search."""
        ...

    @property
    def dimension(self) -> int:
        """The length of one vector."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape (len(texts), dimension), float32, L2-normalised, in the given order."""
        ...

    def embed_each(self, batches: Iterable[Batch]) -> Iterator[NDArray[np.float32]]:
        """For each batch in turn what `embed` returns; batches may be read ahead."""
        ...
