"""The verdict on one demand of a step, from what agents said and when."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from tasks.scoring import phrases
from tasks.scoring.actions import Subject, is_done
from tasks.scoring.items import items_in
from tasks.scoring.lines import Line, Script
from tasks.scoring.plan import Demand
from tasks.scoring.records import Evidence, Verdict

Closeness = Callable[[str], float]

# Cosine of step and sentence: above, the same act in other words; between, the grey zone.
_SIMILAR = 0.62
_GREY = 0.45
_GREY_DONE = 0.6


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict with its reason; the confidence is 0..1."""

    verdict: Verdict
    reason: str
    confidence: float = 0.0
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Case:
    """One step in one conversation.

    `closeness` is the cosine of a sentence to the step, `doneness` to the procedure's example of
    an agent who has done what was asked for.
    """

    script: Script
    subject: Subject | None
    closeness: Closeness
    doneness: Closeness

    @cached_property
    def changes(self) -> tuple[Line, ...]:
        """Where an agent told the customer that the request is done."""
        return tuple(line for line in self.script.agent if is_done(self.subject, line.text))

    @cached_property
    def noted_changes(self) -> tuple[Line, ...]:
        """Where an agent noted for colleagues that the request is done."""
        return tuple(line for line in self.script.notes if is_done(self.subject, line.text))

    @property
    def told_or_noted(self) -> tuple[Line, ...]:
        """Where the change was told of, or else where it was noted."""
        return self.changes or self.noted_changes

    def may_be_done_by(self, position: int) -> bool:
        """True when up to there an agent seems to say that it is done, in words of their own."""
        return any(
            self.doneness(line.text) >= _GREY_DONE
            for line in self.script.agent
            if line.position <= position
        )

    @cached_property
    def not_done(self) -> Outcome:
        """What to say of a step that is due after the change, when nobody has told of one."""
        if self.may_be_done_by(len(self.script.lines)):
            return Outcome("unknown", "change_unclear")
        return Outcome("not_applicable", "not_due", 0.7)

    def nearest(self, lines: Sequence[Line]) -> float:
        """The closeness of the line closest to the step; 0 without lines."""
        return max((self.closeness(line.text) for line in lines), default=0.0)

    def met(self, line: Line, reason: str = "evidence_found") -> Outcome:
        """Met, with the line as its quote; surer the closer the line is to the step."""
        confidence = min(0.95, 0.75 + 0.25 * max(0.0, self.closeness(line.text)))
        return Outcome("met", reason, confidence, line.evidence)


def outcome_of(demand: Demand, case: Case) -> Outcome:
    """What became of one demand."""
    if demand.act == "ask":
        return _asked(demand, case)
    if demand.act == "confirm_done":
        return _told(case)
    if demand.act in ("other", "share"):
        return _similar(case)
    return _said(demand, case)


def _asked(demand: Demand, case: Case) -> Outcome:
    asks = [(line, phrases.asked_items(line.text) & demand.items) for line in case.script.agent]
    asks = [(line, items) for line, items in asks if items]
    complete = _completed_at(asks, demand.needed)
    if complete is not None:
        quote = max(asks, key=lambda ask: len(ask[1]))[0]
        return _in_order(demand, case, quote, complete)
    if asks:
        return Outcome("unknown", "partly_met", evidence=asks[0][0].evidence)
    return _not_asked(demand, case)


def _completed_at(asks: Sequence[tuple[Line, frozenset[str]]], needed: int) -> Line | None:
    """The line with which enough of the items have been asked for."""
    seen: frozenset[str] = frozenset()
    for line, items in asks:
        seen |= items
        if needed and len(seen) >= needed:
            return line
    return None


def _in_order(demand: Demand, case: Case, quote: Line, complete: Line) -> Outcome:
    """Asking counts before the change only, and once somebody else has spoken in between."""
    if demand.due != "before":
        return case.met(quote)
    if any(note.position < complete.position for note in case.noted_changes):
        return Outcome("unknown", "note_contradicts", evidence=quote.evidence)
    if not case.changes and case.may_be_done_by(complete.position):
        return Outcome("unknown", "change_unclear", evidence=quote.evidence)
    if not case.changes:
        return case.met(quote)
    change = case.changes[0]
    if change.position < complete.position:
        return Outcome("not_met", "wrong_order", 0.85, change.evidence)
    if not any(complete.position < line.position < change.position for line in case.script.others):
        return Outcome("not_met", "answer_not_awaited", 0.75, change.evidence)
    return case.met(quote)


def _not_asked(demand: Demand, case: Case) -> Outcome:
    if not case.changes:
        return case.not_done
    if any(phrases.asked_items(line.text) & demand.items for line in case.script.unattributed):
        return Outcome("unknown", "speaker_unclear")
    for line in case.script.agent:
        if phrases.is_verification(line.text) or _may_ask(demand, case, line):
            return Outcome("unknown", "unclear_wording", evidence=line.evidence)
    return Outcome("not_met", "no_evidence", 0.85, case.changes[0].evidence)


def _may_ask(demand: Demand, case: Case, line: Line) -> bool:
    """True for a sentence before the change that names an item and is close to the step."""
    is_before = line.position < case.changes[0].position
    names_item = bool(items_in(line.text) & demand.items) and not phrases.is_refusal(line.text)
    return is_before and names_item and case.closeness(line.text) >= _GREY


def _told(case: Case) -> Outcome:
    if case.changes:
        return case.met(case.changes[0])
    if not case.noted_changes:
        return case.not_done
    noted = case.noted_changes[0]
    later = [line for line in case.script.agent if line.position > noted.position]
    if not later or case.nearest(later) >= _GREY:
        return Outcome("unknown", "unclear_wording", evidence=noted.evidence)
    return Outcome("not_met", "not_told", 0.75, noted.evidence)


def _said(demand: Demand, case: Case) -> Outcome:
    """Greeting, thanks, apology, offer: acts that have words of their own."""
    if demand.due == "end" and not case.told_or_noted:
        return case.not_done
    lines = _lines_in_time(demand, case)
    for line in lines:
        if _is_act(demand, line.text):
            return case.met(line)
    elsewhere = [line for line in case.script.agent if _is_act(demand, line.text)]
    if elsewhere:
        return Outcome("unknown", "wrong_time", evidence=elsewhere[0].evidence)
    if case.script.unattributed:
        return Outcome("unknown", "speaker_unclear")
    if case.nearest(lines) >= _GREY:
        return Outcome("unknown", "unclear_wording")
    return Outcome("not_met", "no_evidence", 0.8)


def _lines_in_time(demand: Demand, case: Case) -> tuple[Line, ...]:
    if demand.due == "opening":
        return case.script.opening
    if demand.due in ("end", "after") and case.told_or_noted:
        first = case.told_or_noted[0].position
        return tuple(line for line in case.script.agent if line.position >= first)
    return case.script.agent


def _is_act(demand: Demand, text: str) -> bool:
    if demand.act == "greet":
        return phrases.is_greeting(text, by_name=demand.by_name)
    if demand.act == "thank":
        return phrases.is_thanks(text)
    if demand.act == "apologise":
        return phrases.is_apology(text)
    return phrases.is_offer(text)


def _similar(case: Case) -> Outcome:
    """An act without words of its own: closeness can show it, but never that it is missing."""
    best = max(case.script.agent, key=lambda line: case.closeness(line.text))
    if case.closeness(best.text) < _SIMILAR or phrases.is_refusal(best.text):
        return Outcome("unknown", "no_evidence")
    return Outcome("met", "similar_sentence", 0.6, best.evidence)
