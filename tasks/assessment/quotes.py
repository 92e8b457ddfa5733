"""Whether a quotation stands where it is said to, word for word, and at which characters."""

from collections.abc import Collection

from tasks.scoring.quotes import find_quote
from tasks.scoring.records import Evidence, Speaker, Turn

FEWEST_CHARACTERS = 3


def place_of(quote: str, turn: Turn, speakers: Collection[Speaker]) -> Evidence | None:
    """The place of a quotation in a turn of one of these speakers; None where it is not there."""
    if turn.speaker not in speakers or len(quote.strip()) < FEWEST_CHARACTERS:
        return None
    place = find_quote(turn.text, quote)
    return None if place is None else Evidence(turn.comment_id, turn.turn_no, *place)
