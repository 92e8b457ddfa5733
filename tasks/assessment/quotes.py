"""Whether a quotation stands where it is said to, word for word, and at which characters."""

import re
import unicodedata
from collections.abc import Collection

from tasks.scoring.records import Evidence, Speaker, Turn

FEWEST_CHARACTERS = 3
_SPACE = re.compile(r"\s+")


def place_of(quote: str, turn: Turn, speakers: Collection[Speaker]) -> Evidence | None:
    """The place of a quotation in a turn of one of these speakers; None where it is not there.

    Compatible characters are the same (NFKC), and so is any white space.
    """
    if turn.speaker not in speakers:
        return None
    wanted = _SPACE.sub(" ", unicodedata.normalize("NFKC", quote)).strip()
    if len(wanted) < FEWEST_CHARACTERS:
        return None
    text, places = _folded(turn.text)
    at = text.find(wanted)
    if at < 0:
        return None
    end = places[at + len(wanted) - 1] + 1
    return Evidence(turn.comment_id, turn.turn_no, places[at], end)


def _folded(text: str) -> tuple[str, list[int]]:
    """The text with white space folded, and for each character where it comes from."""
    characters: list[str] = []
    places: list[int] = []
    for at, character in enumerate(text):
        for one in unicodedata.normalize("NFKC", character):
            if one.isspace():
                if not characters or characters[-1] == " ":
                    continue
                one = " "
            characters.append(one)
            places.append(at)
    return "".join(characters), places
