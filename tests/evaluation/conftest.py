"""The real model, once."""

import pytest

from tasks.embedding import LocalEmbedder


@pytest.fixture(scope="session")
def embedder() -> LocalEmbedder:
    return LocalEmbedder()
