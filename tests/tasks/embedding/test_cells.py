"""Cells: means of many near vectors, never of a few."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.embedding.cells import CELLS, FEWEST, centroids_of, nearest_of


def vectors_of(count: int, matters: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    middles = random.standard_normal((matters, 16))
    found = middles[random.integers(matters, size=count)] + 0.2 * random.standard_normal(
        (count, 16)
    )
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2_000), st.integers(1, 40), st.integers(0, 1_000))
def test_each_is_of_many_and_of_length_one(count: int, matters: int, seed: int) -> None:
    """The mean of fewer would tell of single passages; and the same vectors give the same."""
    vectors = vectors_of(count, matters, seed)
    found = centroids_of(vectors)
    assert len(found) <= min(CELLS, count // FEWEST)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert np.array_equal(found, centroids_of(vectors))


def test_matters_that_lie_apart_have_cells_of_their_own() -> None:
    """No cell mixes two of four."""
    matters = np.eye(4, 16, dtype=np.float32).repeat(64, axis=0)
    order = np.random.default_rng(0).permutation(len(matters))
    found = centroids_of(matters[order])
    assert {tuple(one) for one in found} == {tuple(one) for one in np.eye(4, 16)}
    assert len(set(nearest_of(found, np.eye(4, 16, dtype=np.float32)))) == 4
