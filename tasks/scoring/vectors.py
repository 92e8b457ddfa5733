"""The vectors of texts, each embedded once, looked up by text."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.embedding import Embedder


class Vectors:
    """What was embedded so far. With `known`, that is looked into first and not added to."""

    def __init__(self, embedder: Embedder, known: "Vectors | None" = None) -> None:
        self._embedder = embedder
        self._known = known
        self._rows: dict[str, NDArray[np.float32]] = {}

    def add(self, texts: Iterable[str]) -> None:
        """Embeds those that are new, in one batch."""
        new = sorted({text for text in texts if text and self.row(text) is None})
        self._rows.update(zip(new, self._embedder.embed(new), strict=True))

    def row(self, text: str) -> NDArray[np.float32] | None:
        """The vector of a text, L2-normalised; None if it was not embedded."""
        found = self._rows.get(text)
        if found is None and self._known is not None:
            return self._known.row(text)
        return found

    def rows(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of those that were embedded, of shape (n, dim)."""
        found = [row for text in texts if (row := self.row(text)) is not None]
        return np.stack(found) if found else np.zeros((0, self._embedder.dimension), np.float32)

    def cosine(self, one: str, other: str) -> float:
        """-1..1; 0 for a text that was not embedded."""
        first, second = self.row(one), self.row(other)
        return 0.0 if first is None or second is None else float(first @ second)
