"""Texts of one conversation, with placeholders for what is personal in them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count

from tasks.redaction.known import known_people
from tasks.redaction.names import find_names
from tasks.redaction.patterns import find_patterns
from tasks.redaction.records import PLACEHOLDER, Find, Kind, Person, Redacted, Span
from tasks.redaction.streets import find_streets
from tasks.redaction.told import find_told, with_neighbours
from tasks.redaction.words import shared_addresses

# The model of names, then the rules: changes with either.
REDACTION_VERSION = "rampart-1.4.0+people-forms-places-2"
LETTERS = re.compile(r"[^\W\d_]{3,}")
ORDER = {kind: place for place, kind in enumerate(Kind)}


class Redactor:
    """Replaces what is personal: the given people, what has a form of its own, and names.

    A person is one placeholder, by whatever name; everything else one for each value. Names that
    one text of a conversation tells are sought in all of them.
    """

    def __init__(self, people: Sequence[Person] = (), *, names: Find = find_names) -> None:
        self._finds: tuple[Find, ...] = (
            known_people(people), find_patterns, find_streets, find_told, names,
        )  # fmt: skip
        self._people = {f"person {one.person_id}": one for one in people}

    def redact(self, texts: Sequence[str]) -> Redacted:
        """The texts, which are of one conversation, without what is personal."""
        found = [self._found(text) for text in texts]
        strangers = _strangers(texts, found)
        find = known_people(strangers, known=False)
        people = self._people | {f"person {one.person_id}": one for one in strangers}
        told = Placeholders(texts)
        done = [
            _redacted(text, merged((*find(text), *spans)), told, people)
            for text, spans in zip(texts, found, strict=True)
        ]
        return Redacted(
            tuple(text for text, _, _ in done),
            tuple(spans for _, spans, _ in done),
            tuple(placeholders for _, _, placeholders in done),
            told.originals,
        )

    def _found(self, text: str) -> list[Span]:
        spans = merged(span for find in self._finds for span in find(text))
        return merged(with_neighbours(text, spans))


def _strangers(texts: Sequence[str], found: Sequence[Sequence[Span]]) -> list[Person]:
    """People that the texts name, whom the account does not know; and the names in addresses."""
    names: dict[str, str] = {}
    for text, spans in zip(texts, found, strict=True):
        for span in spans:
            words = text[span.start : span.end]
            if span.kind is Kind.EMAIL:
                words = " ".join(LETTERS.findall(words.partition("@")[0]))
            elif span.kind is not Kind.PERSON or span.known:
                continue
            if any(one.isalpha() for one in words) and words.casefold() not in shared_addresses():
                names.setdefault(words.casefold(), words)
    return [Person(-number, (name,)) for number, name in enumerate(names.values(), start=1)]


def _redacted(
    text: str, spans: Sequence[Span], told: "Placeholders", people: Mapping[str, Person]
) -> tuple[str, tuple[Span, ...], tuple[str, ...]]:
    placeholders: list[str] = []
    parts: list[str] = []
    at = 0
    for span in spans:
        # of one of the people the name is what stands for all of theirs
        person = people.get(span.key)
        value = person.names[0] if person and person.names else text[span.start : span.end]
        placeholders.append(told.of(span, value))
        parts += text[at : span.start], placeholders[-1]
        at = span.end
    return "".join((*parts, text[at:])), tuple(spans), tuple(placeholders)


class Placeholders:
    """One for each kind and key; never one that a text of the conversation holds already."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.originals: dict[str, str] = {}
        self._told: dict[tuple[Kind, str], str] = {}
        self._taken = {found[0] for text in texts for found in PLACEHOLDER.finditer(text)}

    def of(self, span: Span, value: str) -> str:
        known = self._told.get((span.kind, span.key))
        if known is None:
            known = self._told[span.kind, span.key] = self._new(span.kind)
            self.originals[known] = value
        return known

    def _new(self, kind: Kind) -> str:
        made = next(
            name for number in count(1) if (name := f"[{kind}_{number}]") not in self._taken
        )
        self._taken.add(made)
        return made


def merged(spans: Iterable[Span]) -> list[Span]:
    """In order, what overlaps as one: of the kind and the key of the one that tells most."""
    done: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.start, -one.end)):
        if done and span.start < done[-1].end:
            former = done[-1]
            telling = min(former, span, key=_rank)
            done[-1] = replace(telling, start=former.start, end=max(former.end, span.end))
        else:
            done.append(span)
    return done


def _rank(span: Span) -> tuple[int, bool, int]:
    return ORDER[span.kind], not span.known, span.start - span.end
