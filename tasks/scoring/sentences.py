"""Cutting a turn into sentences that can be quoted verbatim."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# A line end closes a sentence: greetings, list items and signatures carry no full stop.
_BREAK = re.compile(r"(?<=[.!?\u2026])[\"')\]]*\s+|\s*[\r\n]+\s*")
_ABBREVIATION = re.compile(r"\b(?:mr|mrs|ms|dr|nr|e\.g|i\.e|vs|approx)\.$", re.I)


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text` is exactly `source[start:end]`, without white space around it."""

    start: int
    end: int
    text: str


def split_sentences(source: str) -> tuple[Sentence, ...]:
    """The sentences of a text in order; blank text has none."""
    return tuple(_iter_sentences(source))


def _iter_sentences(source: str) -> Iterator[Sentence]:
    start = 0
    for match in _BREAK.finditer(source):
        if _ABBREVIATION.search(source, start, match.start()) and "\n" not in match[0]:
            continue
        yield from _trimmed(source, start, match.end())
        start = match.end()
    yield from _trimmed(source, start, len(source))


def _trimmed(source: str, start: int, end: int) -> Iterator[Sentence]:
    piece = source[start:end]
    text = piece.strip()
    if text:
        first = start + piece.index(text)
        yield Sentence(first, first + len(text), text)
