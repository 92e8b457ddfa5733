"""What every provider of embeddings offers."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Embedder(Protocol):
    """Turns texts into vectors whose dot product is their cosine similarity."""

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
