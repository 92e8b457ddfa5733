"""Texts of one conversation, with placeholders for what is personal in them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import count

from tasks.redaction.known import known_people
from tasks.redaction.names import find_names
from tasks.redaction.patterns import find_patterns
from tasks.redaction.records import PLACEHOLDER, Find, Kind, Person, Redacted, Span
from tasks.redaction.streets import find_streets

# The model of names, then the rules: changes with either.
REDACTION_VERSION = "rampart-1.4.0+people-forms-streets-1"
ORDER = {kind: place for place, kind in enumerate(Kind)}


class Redactor:
    """Replaces what is personal: the given people, what has a form of its own, and names.

    A person is one placeholder, by whatever name; everything else one for each value.
    """

    def __init__(self, people: Sequence[Person] = (), *, names: Find = find_names) -> None:
        self._finds: tuple[Find, ...] = (known_people(people), find_patterns, find_streets, names)
        self._people = {f"person {one.person_id}": one for one in people}

    def redact(self, texts: Sequence[str]) -> Redacted:
        """The texts, which are of one conversation, without what is personal."""
        told = Placeholders(texts)
        done = [self._redact(text, told.of) for text in texts]
        return Redacted(
            tuple(text for text, _, _ in done),
            tuple(spans for _, spans, _ in done),
            tuple(placeholders for _, _, placeholders in done),
            told.originals,
        )

    def _redact(
        self, text: str, placeholder_of: Callable[[Span, str], str]
    ) -> tuple[str, tuple[Span, ...], tuple[str, ...]]:
        spans = merged(span for find in self._finds for span in find(text))
        placeholders: list[str] = []
        parts: list[str] = []
        at = 0
        for span in spans:
            placeholders.append(placeholder_of(span, self._value(span, text)))
            parts += text[at : span.start], placeholders[-1]
            at = span.end
        return "".join((*parts, text[at:])), tuple(spans), tuple(placeholders)

    def _value(self, span: Span, text: str) -> str:
        """What a placeholder is restored to: of one of the people, the name."""
        person = self._people.get(span.key)
        return person.names[0] if person and person.names else text[span.start : span.end]


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
