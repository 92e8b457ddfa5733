"""The cells of an organization: made when it has many passages, and anew when they have doubled."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from tasks.embedding.cells import centroids_of, nearest_of
from tasks.resources import Resources
from warehouse import cells

# Below, comparing all of an organization's passages is as fast: see docs/decisions/0015.
MANY = 30_000
SAMPLE = 10_000
GROWN = 2


@dataclass(frozen=True)
class Cells:
    """The organization's cells: their numbers, (n,) and centroids, (n, dimension) float32."""

    numbers: tuple[int, ...]
    centroids: NDArray[np.float32]

    def of(self, vectors: NDArray[np.float32]) -> list[int]:
        """For each vector the number of its cell; 0 where there are none."""
        if not self.numbers:
            return [0] * len(vectors)
        return [self.numbers[place] for place in nearest_of(self.centroids, vectors)]


def find_cells(connection: Connection, *, model: str, dimension: int) -> Cells:
    """The cells that passages are placed in now."""
    found = cells.find_centroids(connection, model=model, dimension=dimension)
    numbers = tuple(number for number, _ in found)
    return Cells(numbers, np.array([centroid for _, centroid in found], dtype=np.float32))


def refresh_cells(resources: Resources, *, model: str, dimension: int, many: int = MANY) -> bool:
    """Makes the cells, where that is due; whether it was.

    It is due when there are `many` passages and no cells, or twice as many as when they were made.
    Retention deletes them when they are older than what the organization keeps.
    """
    with resources.session() as connection:
        found = cells.standing(connection, model=model)
        if found.passages < max(many, GROWN * found.in_cells):
            return False
        sample = cells.sampled_vectors(connection, model=model, dimension=dimension, limit=SAMPLE)
        centroids = centroids_of(np.array(sample, dtype=np.float32))
        if not len(centroids):
            return False
        cells.replace_cells(
            connection,
            resources.organization.org_id,
            list(centroids),
            model=model,
            dimension=dimension,
        )
    return True
