"""Cutting turns, transcripts and knowledge-base articles into pieces worth one vector each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tasks.embedding.markup import Block, parse_blocks
from tasks.embedding.tokens import count_tokens

# A passage of more words says too many things at once to be found by one of them.
MAX_WORDS = 200
# MiniLM reads 256 tokens, two of which mark start and end; what it does not read is not found.
MAX_TOKENS = 250

# At most three tokens a character (a Korean syllable): such a piece of a word always fits.
_MAX_WORD_CHARS = 64
# What a chunk keeps under headings of any length.
_LEAST_TOKENS = 64
_WORD = re.compile(r"\S+")
_SENTENCE_END = re.compile(r"[.!?\u2026\u3002\uff01\uff1f][\"')\]]*$")


@dataclass(frozen=True, slots=True)
class TextChunk:
    """`text` is exactly `source[start_char:end_char]`."""

    start_char: int
    end_char: int
    text: str


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    end: int
    tokens: int


@dataclass(frozen=True, slots=True)
class DocumentChunk:
    """A passage of an article under its headings, the article's title first."""

    heading_path: tuple[str, ...]
    text: str


def chunk_turn(
    text: str, *, max_words: int = MAX_WORDS, max_tokens: int = MAX_TOKENS
) -> tuple[TextChunk, ...]:
    """Chunks in order, without overlap, that hold every character except white space between.

    None has more than `max_tokens` tokens of the packaged model, except a single word's piece of
    64 characters. A chunk ends at the last sentence end in its second half when there is one.
    Blank text has no chunks.

    Raises:
        PermanentError: the packaged tokenizer is missing or is not the pinned one.
    """
    words = _words(text)
    chunks: list[TextChunk] = []
    at = 0
    while at < len(words):
        taken = _words_that_fit(words[at : at + max_words], max_tokens)
        if at + len(taken) < len(words):
            taken = _to_sentence_end(text, taken)
        start, end = taken[0].start, taken[-1].end
        chunks.append(TextChunk(start, end, text[start:end]))
        at += len(taken)
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
    """Chunks that leave room for their headings, which are embedded with them."""
    [above] = count_tokens([" \u203a ".join(heading_path)])
    room = max(_LEAST_TOKENS, MAX_TOKENS - above)
    for chunk in chunk_turn("\n".join(paragraphs), max_tokens=room):
        yield DocumentChunk(heading_path, chunk.text)


def _words(text: str) -> list[_Word]:
    """The words; a longer "word" (a log line, Chinese) comes in pieces of 64 characters."""
    spans = [
        (start, min(start + _MAX_WORD_CHARS, match.end()))
        for match in _WORD.finditer(text)
        for start in range(match.start(), match.end(), _MAX_WORD_CHARS)
    ]
    counts = count_tokens([text[start:end] for start, end in spans])
    return [_Word(start, end, n) for (start, end), n in zip(spans, counts, strict=True)]


def _words_that_fit(words: list[_Word], max_tokens: int) -> list[_Word]:
    """The first words up to the limit, at least one."""
    count, left = 1, max_tokens - words[0].tokens
    while count < len(words) and words[count].tokens <= left:
        left -= words[count].tokens
        count += 1
    return words[:count]


def _to_sentence_end(text: str, words: list[_Word]) -> list[_Word]:
    """The words up to the last sentence end in their second half, or all of them."""
    for count in range(len(words), len(words) // 2, -1):
        last = words[count - 1]
        if _SENTENCE_END.search(text, last.start, last.end):
            return words[:count]
    return words
