"""Fits the sentiment head to the labelled sentences beside it: `python -m tasks.scoring.train`."""

import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.embedding import LocalEmbedder
from tasks.scoring.head import CLASS_SCORES, WEIGHTS_PATH, Matrix, SentimentHead, softmax

Labels = NDArray[np.int64]

SENTENCES_PATH = Path(__file__).with_name("sentiment_sentences.tsv")
N_CLASSES = len(CLASS_SCORES)
_FOLDS = 5
_L2 = 0.0001
_LEARNING_RATE = 1.0
_ITERATIONS = 3_000
_DECIMALS = 4


def read_sentences(path: Path = SENTENCES_PATH) -> tuple[list[str], Labels]:
    """The sentences, and their classes 0 (very negative) to 4 (very positive)."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    labels = np.array([int(row["label"]) + 2 for row in rows], dtype=np.int64)
    return [row["sentence"] for row in rows], labels


def fit_head(vectors: Matrix, labels: Labels, model_name: str) -> SentimentHead:
    """The head with the least class-balanced cross-entropy under an L2 penalty.

    Plain gradient descent on a convex loss from zero: the same sentences give the same head.
    """
    weights, bias = np.zeros((vectors.shape[1], N_CLASSES)), np.zeros(N_CLASSES)
    truth = np.eye(N_CLASSES)[labels]
    shares = 1.0 / np.maximum(truth.sum(axis=0), 1.0)
    importance = (truth @ shares / N_CLASSES)[:, None]
    for _ in range(_ITERATIONS):
        error = (softmax(vectors @ weights + bias) - truth) * importance
        weights -= _LEARNING_RATE * (vectors.T @ error + _L2 * weights)
        bias -= _LEARNING_RATE * error.sum(axis=0)
    return SentimentHead(model_name, weights, bias)


def cross_validated(vectors: Matrix, labels: Labels) -> Labels:
    """Each sentence's class as predicted by a head that has not seen it; five folds."""
    folds = np.zeros_like(labels)
    for label in range(N_CLASSES):
        rows = np.flatnonzero(labels == label)
        folds[rows] = np.arange(rows.size) % _FOLDS
    predicted = np.zeros_like(labels)
    for fold in range(_FOLDS):
        seen, held = folds != fold, folds == fold
        head = fit_head(vectors[seen], labels[seen], "fold")
        predicted[held] = head.probabilities(vectors[held]).argmax(axis=1)
    return predicted


def accuracy(truth: Labels, predicted: Labels) -> float:
    """The share of classes that were right, 0..1."""
    return float((truth == predicted).mean())


def macro_f1(truth: Labels, predicted: Labels) -> float:
    """The mean of the classes' F1 scores, 0..1."""
    scores = []
    for label in np.unique(truth):
        hits = float(((truth == label) & (predicted == label)).sum())
        scores.append(2 * hits / float((truth == label).sum() + (predicted == label).sum()))
    return sum(scores) / len(scores)


def polarity(labels: Labels) -> Labels:
    """Five classes as three: negative, neutral, positive."""
    return np.sign(labels - N_CLASSES // 2)


def write_head(head: SentimentHead, path: Path = WEIGHTS_PATH) -> None:
    """Writes the head as JSON, rounded, so that the file is the same on every machine."""
    stored = {
        "model": head.model_name,
        "bias": head.bias.round(_DECIMALS).tolist(),
        "weights": head.weights.round(_DECIMALS).tolist(),
    }
    path.write_text(json.dumps(stored, separators=(",", ":")) + "\n", encoding="utf-8")


def train(texts: Sequence[str], labels: Labels) -> tuple[SentimentHead, Labels]:
    """The head fit to all sentences, and their cross-validated classes."""
    embedder = LocalEmbedder()
    vectors = embedder.embed(texts).astype(np.float64)
    model_name = embedder.model_version.split("@")[0]
    return fit_head(vectors, labels, model_name), cross_validated(vectors, labels)


def main() -> None:
    """Trains, writes the weights and reports what five folds measure."""
    texts, labels = read_sentences()
    head, predicted = train(texts, labels)
    write_head(head)
    sys.stdout.write(
        f"{len(texts)} sentences, five folds\n"
        f"5 classes: accuracy {accuracy(labels, predicted):.3f}, "
        f"macro-F1 {macro_f1(labels, predicted):.3f}\n"
        f"polarity:  accuracy {accuracy(polarity(labels), polarity(predicted)):.3f}, "
        f"macro-F1 {macro_f1(polarity(labels), polarity(predicted)):.3f}\n"
    )


if __name__ == "__main__":
    main()
