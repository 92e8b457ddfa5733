"""Embeddings on this machine: MiniLM-L6 with int8 weights in ONNX, without network or torch."""

import importlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tasks.embedding.protocol import Batch
from tasks.embedding.tokens import encodable
from tasks.embedding.weights import (
    MODEL_SHA256,
    TOKENIZER_SHA256,
    file_sha256,
    packaged_model_path,
    packaged_tokenizer_path,
    verify_file,
)

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_MODEL_NAME = "all-MiniLM-L6-v2-int8"
_MAX_TOKENS = 256
_BATCH_SIZE = 16
# The tokenizer reads a whole string before it truncates: 256 tokens never need more than this.
_MAX_CHARS = 8_000


class LocalEmbedder:
    """384-dimensional sentence vectors; a text longer than 256 tokens is cut there.

    `model_path` replaces the packaged weights by another MiniLM-like ONNX file; its digest is
    then part of `model_version` instead of being checked. Both files load at first use.

    Raises:
        PermanentError: at first use, when a packaged file is missing or is not the pinned one.

    Source: sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0); mean cosine to fp32 0.9996.
    """

    dimension = 384
    remote = False

    def __init__(
        self,
        *,
        model_path: Path | None = None,
        tokenizer_path: Path | None = None,
        threads: int = 1,
    ) -> None:
        self._model_path = model_path
        self._tokenizer_path = tokenizer_path
        self._threads = threads

    @cached_property
    def model_version(self) -> str:
        """Model name and the first 12 digits of its weights' sha256."""
        digest = MODEL_SHA256 if self._model_path is None else file_sha256(self._model_path)
        return f"{_MODEL_NAME}@{digest[:12]}"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape (len(texts), 384), float32, L2-normalised, in the given order.

        A text's vector does not depend on the texts around it.
        """
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        # By length, so that a batch carries little padding.
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for start in range(0, len(order), _BATCH_SIZE):
            rows = order[start : start + _BATCH_SIZE]
            vectors[rows] = self._embed_batch([texts[row][:_MAX_CHARS] for row in rows])
        return vectors

    def embed_each(self, batches: Iterable[Batch]) -> Iterator[NDArray[np.float32]]:
        """As `Embedder.embed_each`, one after the other."""
        for batch in batches:
            yield self.embed(batch.texts)

    def _embed_batch(self, texts: list[str]) -> NDArray[np.float32]:
        encodings = self._tokenizer.encode_batch([encodable(text) for text in texts])
        ids = np.array([encoding.ids for encoding in encodings], dtype=np.int64)
        mask = np.array([encoding.attention_mask for encoding in encodings], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden: NDArray[np.float32] = self._session.run(None, feed)[0]
        summed = (hidden * mask[:, :, None]).sum(axis=1)
        mean = summed / mask.sum(axis=1, keepdims=True)
        normalised = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return np.asarray(normalised, dtype=np.float32)

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        from tokenizers import Tokenizer

        path = self._tokenizer_path or packaged_tokenizer_path()
        if self._tokenizer_path is None:
            verify_file(path, TOKENIZER_SHA256)
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.enable_truncation(max_length=_MAX_TOKENS)
        # The packaged file pads to a fixed 128: padding to the longest of a batch is cheaper.
        tokenizer.enable_padding()
        return tokenizer

    @cached_property
    def _session(self) -> Any:
        path = self._model_path or packaged_model_path()
        if self._model_path is None:
            verify_file(path, MODEL_SHA256)
        # By name, because the library carries no types.
        onnxruntime = importlib.import_module("onnxruntime")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
