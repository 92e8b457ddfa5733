"""What a step demands, read from its words: acts, items, and when they are due."""

import re
from dataclasses import dataclass
from typing import Literal

from tasks.scoring.items import items_in
from tasks.scoring.records import Step
from tasks.scoring.sentences import split_sentences

ActName = Literal["greet", "thank", "apologise", "ask", "share", "confirm_done", "offer", "other"]
Due = Literal["opening", "before", "after", "end", "any"]

_NUMBERS = {"one": 1, "two": 2, "three": 3}
_ACTS: tuple[tuple[ActName, re.Pattern[str]], ...] = (
    ("greet", re.compile(r"\b(?:greet\w*|welcome)\b", re.I)),
    ("thank", re.compile(r"\bthank\w*\b", re.I)),
    ("apologise", re.compile(r"\bapologi[sz]e\b|\bsay sorry\b", re.I)),
    (
        "confirm_done",
        re.compile(
            r"\b(?:confirm|tell|inform|notify|let)\b.{0,60}\b(?:has|have) been \w+|"
            r"\b(?:confirm|announce) the (?:change|refund|cancellation|update|deletion)\b",
            re.I,
        ),
    ),
    (
        "offer",
        re.compile(
            r"\boffer\w*\b.{0,30}\b(?:help|assistance|support)\b|"
            r"\bask(?:ing)?\b.{0,40}\b(?:anything|something) else\b",
            re.I,
        ),
    ),
    ("ask", re.compile(r"\b(?:ask(?:ing)?|verify|request(?:ing)? (?:the|a|their))\b", re.I)),
    ("share", re.compile(r"\b(?:share|disclose|reveal|give out|read out|pass on)\b", re.I)),
)
_BEFORE = re.compile(r"\bbefore (?:any|the|you|a|an|making|changing|updating|each|every)\b", re.I)
_AFTER = re.compile(
    r"^(?:after|once|as soon as|when)\b[^,]{0,40}\b(?:changes?|updates?|refund|cancellation|"
    r"deletion|replacement|changed|updated|refunded|cancell?ed|deleted|replaced|done|made|complete\w*|this)\b",
    re.I,
)
_END = re.compile(r"\b(?:close|closing|end|finish|conclude) (?:by|with|the)\b|\bfinally\b", re.I)
_BY_NAME = re.compile(r"\bby (?:\w+ )?name\b", re.I)
_OF_SEVERAL = re.compile(r"\b(one|two|three) of\b", re.I)


@dataclass(frozen=True, slots=True)
class Demand:
    """One act of a step.

    `items` are what an "ask" asks for, of which `needed` suffice; `by_name` is for a greeting.
    """

    act: ActName
    due: Due
    items: frozenset[str] = frozenset()
    needed: int = 0
    by_name: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A step as demands; `condition` is the text on which a conditional step hangs, or ""."""

    step: Step
    demands: tuple[Demand, ...]
    condition: str


def plan_of(step: Step) -> Plan:
    """The demands of a step; a step without an act that is known demands "other"."""
    first = split_sentences(step.text)[0].text
    clause = first
    condition = "" if _AFTER.match(first) else step.condition
    demands = []
    for act, pattern in _ACTS:
        found = pattern.search(clause)
        if found:
            demands.append(_demand(act, clause, found.end()))
            clause = clause[: found.start()] + " " * len(found[0]) + clause[found.end() :]
    return Plan(step, tuple(demands) or (Demand("other", _due(first)),), condition)


def _demand(act: ActName, clause: str, end: int) -> Demand:
    if act not in ("ask", "share"):
        return Demand(act, _due(clause, act), by_name=bool(_BY_NAME.search(clause)))
    items = items_in(clause[end:])
    return Demand(act, _due(clause), items, _needed(clause[end:], items))


def _due(clause: str, act: ActName = "other") -> Due:
    if act == "greet":
        return "opening"
    if _BEFORE.search(clause):
        return "before"
    if _AFTER.match(clause):
        return "after"
    return "end" if _END.search(clause) else "any"


def _needed(clause: str, items: frozenset[str]) -> int:
    """How many of the items must be asked for: "two of", one for a plain "or", else all."""
    several = _OF_SEVERAL.search(clause)
    if several:
        return min(_NUMBERS[several[1].lower()], len(items))
    is_choice = re.search(r"\bor\b", clause) and not re.search(r"\band\b", clause)
    return 1 if is_choice else len(items)
