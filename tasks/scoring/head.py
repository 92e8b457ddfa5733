"""The logistic head: sentence vectors to the probabilities of five sentiment classes."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

# The score of each class, from very negative to very positive.
CLASS_SCORES = (-1.0, -0.5, 0.0, 0.5, 1.0)
WEIGHTS_PATH = Path(__file__).with_name("sentiment_head.json")


@dataclass(frozen=True)
class SentimentHead:
    """Weights (dim, 5) and bias (5,), fit to the vectors of the embedding model `model_name`."""

    model_name: str
    weights: Matrix
    bias: Matrix

    def fits(self, model_version: str) -> bool:
        """True when vectors of this model version are what the head was trained on."""
        return model_version.split("@")[0] == self.model_name

    def probabilities(self, vectors: NDArray[np.float32] | Matrix) -> Matrix:
        """Class probabilities of shape (n, 5) for vectors of shape (n, dim)."""
        return softmax(vectors.astype(np.float64) @ self.weights + self.bias)


def softmax(logits: Matrix) -> Matrix:
    """Rows of probabilities."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    rows: Matrix = powers / powers.sum(axis=1, keepdims=True)
    return rows


@cache
def packaged_head() -> SentimentHead:
    """The head that `python -m tasks.scoring.train` wrote."""
    stored = json.loads(WEIGHTS_PATH.read_text(encoding="utf-8"))
    return SentimentHead(stored["model"], np.array(stored["weights"]), np.array(stored["bias"]))
