"""Which of several labels a ticket is nearest to, by the meaning of its first sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tasks.assessment.said import Said, Sentence
from tasks.scoring.records import Evidence

if TYPE_CHECKING:
    from tasks.embedding import Embedder

FIRST_TURNS = 2
MOST_SENTENCES = 10
FEWEST_WORDS = 2
# What is said later is less often what a ticket is about.
LATER = 0.03
Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Nearest:
    """A label, its cosine in -1..1, and the sentence that it was found by."""

    label: str
    similarity: float
    evidence: Evidence


class Labels:
    """Labels by the vectors of their texts."""

    def __init__(self, texts: dict[str, Sequence[str]], embedder: "Embedder") -> None:
        self._labels = [label for label, told in texts.items() for _ in told]
        self._vectors = embedder.embed([one for told in texts.values() for one in told])

    def nearest(self, sentences: Sequence[Sentence], vectors: Sequence[Vector]) -> Nearest | None:
        """The label of the text that any sentence is nearest to; None without a sentence."""
        if not sentences or not self._labels:
            return None
        alike = np.stack(vectors) @ self._vectors.T
        alike -= LATER * np.minimum(np.arange(len(sentences)), 4)[:, None]
        row, column = divmod(int(np.argmax(alike)), alike.shape[1])
        return Nearest(
            self._labels[column], round(float(alike[row, column]), 4), sentences[row].evidence
        )


def opening_sentences(said: Said) -> list[Sentence]:
    """What the customer says first, where tickets say what they are about."""
    return [
        one
        for one in said.customer
        if one.turn_position < FIRST_TURNS and len(one.text.split()) >= FEWEST_WORDS
    ][:MOST_SENTENCES]
