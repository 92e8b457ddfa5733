"""How much of what identifies people a redactor finds in texts that hold it, marked by hand."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tasks.evaluation import metrics
from tasks.evaluation.held_out import read_table
from tasks.evaluation.records import Measured, defined, split_version
from tasks.redaction import Redactor, Span

KINDS = ("name", "email", "phone", "card")
_MARK = re.compile(rf"\[({'|'.join(KINDS)}):([^\]]*)\]")
_WORD = re.compile(r"\w{2,}")
# A redactor that knows the names of a ticket's people.
Redactors = Callable[[Sequence[str]], Redactor]


@dataclass(frozen=True, slots=True)
class Planted:
    """One thing that identifies somebody: `text[start:end]`."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PersonalText:
    """A text, the names of its ticket's people, and what in it identifies somebody."""

    people: tuple[str, ...]
    text: str
    planted: tuple[Planted, ...]


def read_personal() -> list[PersonalText]:
    """The texts, freed of their marks "[name:…]"."""
    return [
        _unmarked(tuple(filter(None, row["people"].split("; "))), row["text"])
        for row in read_table("personal.tsv")
    ]


def held_out_personal(redactors: Redactors, *, version: str) -> Measured:
    """The recall of each kind, and the share of what was taken out that should be.

    A thing is found when no word of it (two letters or digits and more) is left.
    """
    found, planted = Counter[str](), Counter[str]()
    taken = right = 0
    for one in read_personal():
        [spans] = redactors(one.people).redact([one.text]).spans
        taken += len(spans)
        right += sum(any(_meet(span, thing) for thing in one.planted) for span in spans)
        planted.update(thing.kind for thing in one.planted)
        found.update(thing.kind for thing in one.planted if _is_gone(one.text, thing, spans))
    figures = defined(
        precision=metrics.share(right, taken),
        recall=metrics.share(found.total(), planted.total()),
        **{f"{kind}_recall": metrics.share(found[kind], planted[kind]) for kind in KINDS},
    )
    return Measured("held_out", "personal", *split_version(version), planted.total(), figures)


def _unmarked(people: tuple[str, ...], marked: str) -> PersonalText:
    text, planted, last = "", [], 0
    for mark in _MARK.finditer(marked):
        text += marked[last : mark.start()]
        planted.append(Planted(mark[1], len(text), len(text) + len(mark[2])))
        text, last = text + mark[2], mark.end()
    return PersonalText(people, text + marked[last:], tuple(planted))


def _is_gone(text: str, thing: Planted, spans: Sequence[Span]) -> bool:
    taken = {at for span in spans for at in range(span.start, span.end)}
    words = _WORD.finditer(text, thing.start, thing.end)
    return all(at in taken for word in words for at in range(word.start(), word.end()))


def _meet(span: Span, thing: Planted) -> bool:
    return span.start < thing.end and thing.start < span.end
