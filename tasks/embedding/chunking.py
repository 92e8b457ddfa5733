"""Cutting turns, transcripts and knowledge-base articles into pieces worth one vector each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tasks.embedding.markup import Block, parse_blocks

# MiniLM reads 256 tokens: about 200 English words, or 1,600 characters of anything else.
MAX_WORDS = 200
MAX_CHARS = 1_600

_WORD = re.compile(r"\S+")
_SENTENCE_END = re.compile(r"[.!?\u2026\u3002\uff01\uff1f][\"')\]]*$")


@dataclass(frozen=True, slots=True)
class TextChunk:
    """`text` is exactly `source[start_char:end_char]`."""

    start_char: int
    end_char: int
    text: str


@dataclass(frozen=True, slots=True)
class DocumentChunk:
    """A passage of an article under its headings, the article's title first."""

    heading_path: tuple[str, ...]
    text: str


def chunk_turn(
    text: str, *, max_words: int = MAX_WORDS, max_chars: int = MAX_CHARS
) -> tuple[TextChunk, ...]:
    """Chunks in order, without overlap, that hold every character except white space between.

    A chunk ends at the last sentence end in its second half when there is one. Blank text has
    no chunks.
    """
    words = list(_iter_words(text, max_chars))
    chunks: list[TextChunk] = []
    while words:
        count = _words_that_fit(text, words, max_words, max_chars)
        start, end = words[0][0], words[count - 1][1]
        chunks.append(TextChunk(start, end, text[start:end]))
        words = words[count:]
    return tuple(chunks)


def chunk_document(html_or_markdown: str, title: str) -> tuple[DocumentChunk, ...]:
    """The chunks of an article: each numbered step alone, other text packed under its heading.

    `heading_path` starts with the title; a heading equal to it is not repeated.
    """
    path: list[tuple[int, str]] = []
    pending: list[str] = []
    chunks: list[DocumentChunk] = []
    for block in (*parse_blocks(html_or_markdown), Block("heading", title, 1)):
        if block.kind == "paragraph":
            pending.append(block.text)
            continue
        chunks.extend(_packed(pending, _headings(title, path)))
        pending = []
        if block.kind == "heading":
            path = [(level, text) for level, text in path if level < block.level]
            path.append((block.level, block.text))
        else:
            chunks.extend(_packed([block.text], _headings(title, path)))
    return tuple(chunks)


def _headings(title: str, path: list[tuple[int, str]]) -> tuple[str, ...]:
    return (title, *(text for _, text in path if text.casefold() != title.casefold()))


def _packed(paragraphs: list[str], heading_path: tuple[str, ...]) -> Iterator[DocumentChunk]:
    for chunk in chunk_turn("\n".join(paragraphs)):
        yield DocumentChunk(heading_path, chunk.text)


def _iter_words(text: str, max_chars: int) -> Iterator[tuple[int, int]]:
    """Offsets of words; a "word" longer than a chunk (a log line, Chinese) comes in pieces."""
    for match in _WORD.finditer(text):
        for start in range(match.start(), match.end(), max_chars):
            yield start, min(start + max_chars, match.end())


def _words_that_fit(text: str, words: list[tuple[int, int]], max_words: int, max_chars: int) -> int:
    """How many of the words the next chunk takes, at least one."""
    start = words[0][0]
    count = 1
    while count < min(max_words, len(words)) and words[count][1] - start <= max_chars:
        count += 1
    if count == len(words):
        return count
    for end in range(count, count // 2, -1):
        if _SENTENCE_END.search(text, *words[end - 1]):
            return end
    return count
