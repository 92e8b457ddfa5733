"""Counting a text's tokens as the packaged embedding model does."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from tasks.embedding.weights import TOKENIZER_SHA256, packaged_tokenizer_path, verify_file

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def count_tokens(texts: Sequence[str]) -> list[int]:
    """The tokens of each text, without the two that mark its start and end.

    White space separates tokens, so that a text's words have as many tokens as the text.

    Raises:
        PermanentError: the packaged tokenizer is missing or is not the pinned one.
    """
    if not texts:
        return []
    readable = [encodable(text) for text in texts]
    found = _tokenizer().encode_batch(readable, add_special_tokens=False)
    return [len(encoding.ids) for encoding in found]


def encodable(text: str) -> str:
    """The text without lone surrogates, which the tokenizer refuses."""
    return text.encode("utf-8", "replace").decode("utf-8")


@cache
def _tokenizer() -> "Tokenizer":
    from tokenizers import Tokenizer

    path = packaged_tokenizer_path()
    verify_file(path, TOKENIZER_SHA256)
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
