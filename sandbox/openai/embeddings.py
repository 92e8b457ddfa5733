"""Embeddings by feature hashing: texts that share words have similar vectors."""

import base64
import re
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.openai.errors import invalid
from sandbox.world.hashing import salt_of

SIZES = {"text-embedding-3-small": 1_536, "text-embedding-3-large": 3_072}
MOST_INPUTS = 2_048
MOST_TOKENS = 8_192
MOST_REQUEST_TOKENS = 300_000
WORD = re.compile(r"\w+")
SPREAD = 8


def embed(told: dict[str, Any]) -> dict[str, Any]:
    """The answer to ``POST /embeddings``. Raises: OpenAIRefusal."""
    model = told["model"]
    texts = _inputs(told.get("input"))
    counts = [tokens_in(text) for text in texts]
    if max(counts) > MOST_TOKENS:
        raise invalid(f"An input has more than {MOST_TOKENS} tokens.", "input")
    if sum(counts) > MOST_REQUEST_TOKENS:
        raise invalid(f"The inputs have more than {MOST_REQUEST_TOKENS} tokens.", "input")
    size = told.get("dimensions", SIZES[model])
    if not isinstance(size, int) or not 1 <= size <= SIZES[model]:
        raise invalid(f"dimensions must be 1 to {SIZES[model]}.", "dimensions")
    form = told.get("encoding_format", "float")
    if form not in ("float", "base64"):
        raise invalid("encoding_format must be float or base64.", "encoding_format")
    data = [
        {"object": "embedding", "index": at, "embedding": _written(vector_of(text, size), form)}
        for at, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": sum(counts), "total_tokens": sum(counts)}
    return {"object": "list", "data": data, "model": model, "usage": usage}


def _inputs(told: object) -> list[str]:
    texts = [told] if isinstance(told, str) else told
    if not isinstance(texts, list) or not 1 <= len(texts) <= MOST_INPUTS:
        raise invalid(f"input must be a string or 1 to {MOST_INPUTS} strings.", "input")
    for text in texts:
        if not isinstance(text, str) or not text:
            raise invalid("input holds an empty string or something else than text.", "input")
    return texts


def vector_of(text: str, size: int) -> NDArray[np.float32]:
    """The text's vector: (size,) float32, L2-normalised."""
    vector = np.zeros(size)
    for word in WORD.findall(text.lower()) or [text]:
        places, signs = _places(word)
        np.add.at(vector, places % size, signs)
    length = float(np.linalg.norm(vector))
    if not length:
        vector[0] = length = 1.0
    return (vector / length).astype(np.float32)


@lru_cache(maxsize=20_000)
def _places(word: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    drawn = np.random.default_rng(salt_of("embedding", word))
    return drawn.integers(0, 2**31, SPREAD), drawn.choice([-1.0, 1.0], SPREAD)


def _written(vector: NDArray[np.float32], form: str) -> list[float] | str:
    if form == "base64":
        return base64.b64encode(vector.tobytes()).decode()
    return [float(value) for value in vector]


def tokens_in(text: str) -> int:
    """About as many tokens as a tokenizer finds."""
    return max(1, len(text.encode()) // 4)
