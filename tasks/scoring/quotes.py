"""Whether a quotation stands in a text, and where."""

import unicodedata
from itertools import pairwise


def find_quote(text: str, quote: str) -> tuple[int, int] | None:
    """`text[start:end]` that is the quote, verbatim but for white space and compatible forms.

    None where it does not stand there, or is blank. Source: Unicode NFKC (UAX 15).
    """
    folded, places = _folded(text)
    wanted = _folded(quote)[0].strip()
    at = folded.find(wanted) if wanted else -1
    if at < 0:
        return None
    return places[at][0], places[at + len(wanted) - 1][1]


def _folded(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text in NFKC with single spaces, and where each of its characters comes from."""
    folded: list[str] = []
    places: list[tuple[int, int]] = []
    for start, end in _clusters(text):
        for character in unicodedata.normalize("NFKC", text[start:end]):
            if not character.isspace():
                folded.append(character)
                places.append((start, end))
            elif folded and folded[-1] != " ":
                folded.append(" ")
                places.append((start, end))
    return "".join(folded), places


def _clusters(text: str) -> list[tuple[int, int]]:
    """Each character with the marks that combine with it."""
    starts = [at for at, one in enumerate(text) if at == 0 or not unicodedata.combining(one)]
    return list(pairwise([*starts, len(text)]))
