"""The measures by which verdicts are judged: what is true against what was said.

Formulas only. Where a measure is not defined (no pair, one class only, no variance) it is None,
never 0.
"""

from collections.abc import Sequence
from operator import eq

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]
BINS = 10


def accuracy(truth: Sequence[str], said: Sequence[str]) -> float | None:
    """The share of pairs that agree, 0..1."""
    return share(sum(map(eq, truth, said)), len(truth))


def macro_f1(truth: Sequence[str], said: Sequence[str]) -> float | None:
    """The mean over the classes that are true of something of 2·hits / (true + said), 0..1."""
    classes = sorted({*truth, *said})
    if not classes:
        return None
    table = _crossed(truth, said, classes)
    scores = 2 * np.diag(table) / (table.sum(axis=0) + table.sum(axis=1))
    return float(np.mean([scores[at] for at, name in enumerate(classes) if name in set(truth)]))


def kappa(truth: Sequence[str], said: Sequence[str]) -> float | None:
    """Agreement beyond chance, -1..1; None where both know one class only.

    Source: Cohen, A coefficient of agreement for nominal scales (1960).
    """
    classes = sorted({*truth, *said})
    return _agreement(_crossed(truth, said, classes), 1.0 - np.eye(len(classes)))


def quadratic_kappa(
    truth: Sequence[str], said: Sequence[str], order: Sequence[str]
) -> float | None:
    """As `kappa`, a disagreement weighing the square of its distance in `order`.

    Source: Cohen, Weighted kappa (1968).
    """
    places = np.arange(len(order))
    return _agreement(
        _crossed(truth, said, order), np.square(places[:, None] - places[None, :]).astype(float)
    )


def calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float | None:
    """The expected calibration error in ten bins of equal width, 0..1.

    The mean distance of a bin's share of right answers to its mean confidence, weighed by its size.
    Source: Guo et al., On calibration of modern neural networks (2017).
    """
    if not confidences:
        return None
    told, hits = np.array(confidences), np.array(right, dtype=float)
    bins = np.minimum((told * BINS).astype(int), BINS - 1)
    gaps = [abs(float((hits - told)[bins == one].sum())) for one in np.unique(bins)]
    return sum(gaps) / len(confidences)


def spearman(one: Sequence[float], other: Sequence[float]) -> float | None:
    """The correlation of ranks, -1..1, ties sharing their mean rank; None without variance.

    Source: Spearman, The proof and measurement of association between two things (1904).
    """
    if len(one) < 2:
        return None
    left, right = (_ranks(values) - (len(one) + 1) / 2 for values in (one, other))
    spread = float(np.sqrt((left @ left) * (right @ right)))
    return float(left @ right) / spread if spread else None


def share(part: int, whole: int) -> float | None:
    """A part of a whole, 0..1; None of nothing. Precision and recall are such shares."""
    return part / whole if whole else None


def _crossed(truth: Sequence[str], said: Sequence[str], classes: Sequence[str]) -> Counts:
    """Counts of shape (true, said) over the classes."""
    place = {name: at for at, name in enumerate(classes)}
    table = np.zeros((len(classes), len(classes)))
    for one, other in zip(truth, said, strict=True):
        table[place[one], place[other]] += 1
    return table


def _agreement(table: Counts, weights: Counts) -> float | None:
    """1 minus the disagreement that is, over the one that chance would give."""
    chance = np.outer(table.sum(axis=1), table.sum(axis=0))
    expected = float((weights * chance).sum())
    if not expected:
        return None
    return 1.0 - float((weights * table).sum()) * float(table.sum()) / expected


def _ranks(values: Sequence[float]) -> Counts:
    _, place, counts = np.unique(np.array(values), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    means: Counts = (last - (counts - 1) / 2)[place].astype(np.float64)
    return means
