"""The local model, for real."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.embedding import LocalEmbedder
from tasks.embedding.weights import (
    MODEL_SHA256,
    file_sha256,
    packaged_model_path,
    packaged_tokenizer_path,
    verify_file,
)
from tasks.errors import PermanentError

TEXTS = [
    "Where is my parcel?",
    "My package has not been delivered yet.",
    "How do I reset my password?",
    "",
    "\U0001f600 \ud83d lone surrogate",
    "word " * 3_000,
]


@pytest.fixture(scope="module")
def embedder() -> LocalEmbedder:
    return LocalEmbedder()


@pytest.fixture(scope="module")
def vectors(embedder):
    return embedder.embed(TEXTS)


def test_vectors_have_the_stated_shape_type_and_length(vectors, embedder):
    assert vectors.shape == (len(TEXTS), embedder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_the_same_texts_give_the_same_bytes(vectors):
    """Also from a fresh session."""
    assert LocalEmbedder().embed(TEXTS).tobytes() == vectors.tobytes()


def test_a_vector_does_not_depend_on_its_company_or_its_place(vectors, embedder):
    assert np.allclose(embedder.embed(TEXTS[::-1])[::-1], vectors, atol=1e-5)
    assert np.allclose(np.vstack([embedder.embed([text]) for text in TEXTS]), vectors, atol=1e-5)


def test_likeness_of_meaning_is_nearness(vectors):
    assert vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2]


def test_no_texts_give_no_rows(embedder):
    assert embedder.embed([]).shape == (0, 384)


@settings(deadline=None, max_examples=25)
@given(texts=st.lists(st.text(max_size=40), min_size=1, max_size=20))
def test_any_text_has_a_unit_vector(embedder, texts):
    found = embedder.embed(texts)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-5)


def test_the_version_names_model_and_weights(embedder):
    assert embedder.model_version == f"all-MiniLM-L6-v2-int8@{MODEL_SHA256[:12]}"


def test_own_weights_have_their_own_version(tmp_path, embedder, vectors):
    copy = tmp_path / "model.onnx"
    copy.write_bytes(packaged_model_path().read_bytes())
    own = LocalEmbedder(model_path=copy, tokenizer_path=packaged_tokenizer_path())
    assert own.model_version == embedder.model_version
    assert own.embed(TEXTS[:2]).tobytes() == vectors[:2].tobytes()
    other = tmp_path / "other.onnx"
    other.write_bytes(b"something else")
    assert LocalEmbedder(model_path=other).model_version != embedder.model_version


def test_a_file_that_is_not_the_pinned_one_is_refused(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"poisoned weights")
    with pytest.raises(PermanentError, match="not the pinned file") as caught:
        verify_file(path, MODEL_SHA256)
    assert "poisoned" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_missing_file_is_a_permanent_error(tmp_path):
    with pytest.raises(PermanentError, match="cannot read"):
        file_sha256(tmp_path / "none.onnx")
