"""A model's answer against what was said: what can be shown is kept, the rest is counted."""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.assessment.checks import checks_of
from tasks.assessment.quotes import place_of
from tasks.assessment.records import Assessment, Case, Category, Check, Reason
from tasks.assessment.risks import URGENCY_WEIGHT, reasons_of_history, risks_of
from tasks.assessment.rubric import MOST_REASONS, SUMMARY_CHARACTERS, Judged, Told
from tasks.assessment.rulebook import Rulebook
from tasks.assessment.said import said_in
from tasks.scoring.records import Evidence, Speaker, Turn

CUSTOMER: tuple[Speaker, ...] = ("customer", "unknown")
AGENT: tuple[Speaker, ...] = ("agent", "unknown")
JUDGED = "judged"


@dataclass(frozen=True, repr=False)
class Asked:
    """One ticket as it was put to the model: turn 1 is `turns[0]`."""

    case: Case
    turns: Sequence[Turn]

    def place(self, turn_no: int, quote: str, speakers: Sequence[Speaker]) -> Evidence | None:
        """Where a quotation stands, if it does."""
        if not 1 <= turn_no <= len(self.turns):
            return None
        return place_of(quote, self.turns[turn_no - 1], speakers)


def verified(asked: Asked, told: Told, rulebook: Rulebook) -> Assessment:
    """The assessment that the answer makes; risks are added up here, of reasons that stand."""
    case, said = asked.case, said_in(asked.case.conversation)
    words, dropped = _reasons(asked, told, rulebook)
    checks, unproved = _checks(asked, told)
    readability = [one for one in checks_of(case, said) if one.category == "readability"]
    urgency = Reason("urgency", JUDGED, URGENCY_WEIGHT[told.urgency])
    reasons = (*words, *reasons_of_history(case.history, said, rulebook), urgency)
    risks = risks_of(reasons)
    return Assessment(
        ticket_id=case.ticket_id,
        provider="openai",
        topic_id=told.topic,
        topic_confidence=None,
        intent=told.intent,
        urgency=told.urgency,
        effort=risks["effort"],
        churn_risk=risks["churn"],
        escalation_risk=risks["escalation"],
        reasons=reasons,
        checks=(*checks, *readability) if said.agent else (),
        summary=" ".join(told.summary.split())[:SUMMARY_CHARACTERS],
        dropped_quotes=dropped + unproved,
    )


def _reasons(asked: Asked, told: Told, rulebook: Rulebook) -> tuple[list[Reason], int]:
    """The reasons whose words the customer says, each code once; how many could not be shown."""
    found: list[Reason] = []
    shown: set[str] = set()
    dropped = 0
    for one in told.reasons[:MOST_REASONS]:
        at = asked.place(one.turn, one.quote, CUSTOMER)
        if at is None:
            dropped += 1
        elif one.code not in shown:
            shown.add(one.code)
            signs = rulebook.rule_of[one.code].signs
            found += [Reason(aspect, one.code, weight, at) for aspect, weight in signs.items()]
    return found, dropped


def _checks(asked: Asked, told: Told) -> tuple[list[Check], int]:
    """The checks; a "met" that no words of an agent show is left out, and counted."""
    found = [_check(asked, category, one) for category, one in told.checks.items()]
    kept = [one for one in found if one is not None]
    return kept, len(found) - len(kept)


def _check(asked: Asked, category: Category, told: Judged) -> Check | None:
    if told.verdict == "not_applicable":
        return Check(category, told.verdict, None, JUDGED)
    if told.verdict == "not_met":
        return Check(category, told.verdict, 0.0, JUDGED)
    at = asked.place(told.turn, told.quote, AGENT)
    return None if at is None else Check(category, "met", 1.0, JUDGED, at)
