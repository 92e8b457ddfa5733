"""The people of a ticket in its texts: what the account knows of them, however it is written."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from tasks.redaction.records import Find, Kind, Person, Span
from tasks.redaction.words import ordinary_words

SHORTEST_NAME = 2
SHORTEST_LOGIN = 5
LAST_DIGITS = 7
BETWEEN_DIGITS = r"[\s().\-–/]{0,3}"
LONG_FORMS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa", "æ": "ae"}
)
# Endings that a name has in a sentence: Maria's, Marias, Marie-s.
ENDING = r"(?:['’]?s)?"


def known_people(people: Sequence[Person], *, known: bool = True) -> Find:
    """What finds these people: by name in whole and in part, address, phone and login.

    People who are not `known`, but named in a text, count with a capital only.
    """
    # longer ones first: a pattern takes the first that fits
    wanted = sorted(_wanted(people), key=lambda one: -len(one[0]))
    ids = {f"p{number}": person_id for number, (_, person_id) in enumerate(wanted)}
    alternatives = [rf"(?P<p{number}>{pattern})" for number, (pattern, _) in enumerate(wanted)]
    if not alternatives:
        return lambda _text: []
    whole = re.compile(rf"(?<!\w)(?:{'|'.join(alternatives)})(?!\w)")
    doubtful = ordinary_words()

    def find(text: str) -> list[Span]:
        folded = folded_text(text)
        return [
            Span(*found.span(), Kind.PERSON, f"person {ids[found.lastgroup or '']}", known)
            for found in whole.finditer(folded)
            if (known and found[0] not in doubtful) or text[found.start()].isupper()
        ]

    return find


def folded_text(text: str) -> str:
    """The text without case and accents, each character in its place."""
    return "".join(_folded(one) for one in text)


def _folded(character: str) -> str:
    if character.isascii():
        return character.lower()
    return unicodedata.normalize("NFKD", character)[0].casefold()[0]


def _wanted(people: Iterable[Person]) -> Iterator[tuple[str, int]]:
    """(a pattern for folded text, whose it is), no pattern twice."""
    told: set[str] = set()
    for person in people:
        for pattern in _patterns(person):
            if pattern not in told:
                told.add(pattern)
                yield pattern, person.person_id


def _patterns(person: Person) -> Iterator[str]:
    for name in person.names:
        for spelling in _spellings(name):
            yield from _of_name(spelling)
    for email in person.emails:
        yield re.escape(folded_text(email.strip()))
        login = folded_text(email.partition("@")[0])
        if len(login) >= SHORTEST_LOGIN and not login.isdigit():
            yield re.escape(login)
    for phone in person.phones:
        digits = re.sub(r"\D", "", phone)
        if len(digits) >= LAST_DIGITS:
            yield (
                r"\+?(?:\d"
                + BETWEEN_DIGITS
                + r"){0,6}"
                + BETWEEN_DIGITS.join(digits[-LAST_DIGITS:])
            )


def _spellings(name: str) -> set[str]:
    """As it is, and with ae for ä."""
    lower = unicodedata.normalize("NFC", name).casefold()
    own = unicodedata.normalize("NFC", name).lower()
    return {folded_text(own), folded_text(own.translate(LONG_FORMS)), folded_text(lower)}


def _of_name(name: str) -> Iterator[str]:
    parts = [part for part in re.split(r"[\s,.\"()]+", name) if len(part) >= SHORTEST_NAME]
    if not parts:
        return
    yield r"[\s.,]{1,3}".join(map(re.escape, parts)) + ENDING
    pieces = (*parts, *chain.from_iterable(part.split("-") for part in parts if "-" in part))
    first = re.escape(parts[0])
    for last in map(re.escape, pieces[1:]):
        yield rf"{first[0]}\.?\s?{last}{ENDING}"
        yield rf"{first}[._-]?{last}\d{{0,4}}"
        yield rf"{last}[._-]?{first}\d{{0,4}}"
        yield rf"{last},?\s{{1,2}}{first}{ENDING}"
    for piece in pieces:
        if len(piece) >= SHORTEST_NAME and not piece.isdigit():
            yield re.escape(piece) + ENDING
