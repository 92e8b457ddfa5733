"""Cells of near vectors: spherical k-means.

Source: Dhillon and Modha, Concept Decompositions for Large Sparse Text Data, Machine Learning 2001.
"""

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

# As many as a passage's number may be: see `ai.ticket_chunks` and warehouse/sql/search.sql.
CELLS = 256
ROUNDS = 8
# A centroid of fewer would tell of single passages what the passages themselves do.
FEWEST = 8
# Fewer cells of few vectors: so many in each, on average.
USUAL = 32


def centroids_of(vectors: Vectors) -> Vectors:
    """The centroids, (n, dimension) float32, L2-normalised, each of FEWEST vectors or more.

    `vectors` are L2-normalised and in no order that means anything: the first are begun with.
    """
    found = vectors[: min(CELLS, len(vectors) // USUAL)]
    for _ in range(ROUNDS):
        if not len(found):
            break
        nearest = nearest_of(found, vectors)
        sums = np.zeros_like(found)
        np.add.at(sums, nearest, vectors)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        kept = (np.bincount(nearest, minlength=len(found)) >= FEWEST) & (lengths[:, 0] > 0)
        found = (sums / np.where(lengths > 0, lengths, 1))[kept]
    return found


def nearest_of(centroids: Vectors, vectors: Vectors) -> NDArray[np.intp]:
    """For each vector the place of the nearest centroid."""
    return np.asarray((vectors @ centroids.T).argmax(axis=1))
