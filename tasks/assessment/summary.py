"""A summary in our own words: titles, codes and counts, so that nobody's name can be in it."""

from collections.abc import Sequence

from tasks.assessment.records import RISKS, Case, Reason, Urgency
from tasks.assessment.rulebook import Rulebook
from tasks.assessment.said import Said

LISTED = 5
STATES = {
    "new": "New, nobody has looked at it",
    "open": "Open, it is the agent's turn",
    "pending": "Pending, it is the customer's turn",
    "hold": "On hold",
    "solved": "Solved",
    "closed": "Closed",
}


def summarise(
    case: Case,
    said: Said,
    rulebook: Rulebook,
    *,
    topic: str,
    intent: str,
    urgency: Urgency,
    reasons: Sequence[Reason],
) -> str:
    """Two to four sentences."""
    wants = rulebook.intent_words.get(intent, "writes")
    parts = [f"{topic}: the customer {wants}."]
    if urgency != "normal":
        parts.append(f"Urgency: {urgency}.")
    told = _told(reasons, rulebook)
    if told:
        parts.append(
            f"The customer {', '.join(told[:-1])}{' and ' if told[:-1] else ''}{told[-1]}."
        )
    parts.append(
        f"{_times(said.customer_turns, 'message')} from the customer,"
        f" {_times(said.agent_turns, 'answer')}."
    )
    parts.append(f"{STATES.get(case.history.status or '', 'In an unknown state')}.")
    return " ".join(parts)


def _told(reasons: Sequence[Reason], rulebook: Rulebook) -> list[str]:
    """What the customer said, by weight, each once: facts of the desk are in the counts."""
    risky = [one for one in reasons if one.aspect in RISKS]
    ordered = sorted(risky, key=lambda one: -one.weight)
    codes = dict.fromkeys(one.code for one in ordered if one.code in rulebook.rule_of)
    return [rulebook.words[code] for code in codes][:LISTED]


def _listed(told: Sequence[str]) -> str:
    *others, last = told
    return f"{', '.join(others)} and {last}" if others else last


def _times(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
