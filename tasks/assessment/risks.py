"""Risks from their reasons: independent causes, each of which may be enough."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from tasks.assessment.records import RISKS, URGENCIES, History, Reason, Risk, Urgency
from tasks.assessment.rulebook import Rulebook
from tasks.assessment.said import Said

DECIMALS = 3
URGENCY_WEIGHT: dict[Urgency, float] = {"low": 0.0, "normal": 0.3, "high": 0.7, "critical": 1.0}
PRIORITY = "priority"
# A ticket of at least this risk is raised: told of in the digest, and counted as an escalation.
ESCALATES_AT = 0.5


def risk(reasons: Iterable[Reason], aspect: Risk) -> float:
    """1 - Π(1 - weight) over the reasons of this aspect: 0 without any, never quite 1."""
    left = 1.0
    for one in reasons:
        if one.aspect == aspect:
            left *= 1.0 - one.weight
    return round(1.0 - left, DECIMALS)


def reasons_of_words(said: Said, rulebook: Rulebook) -> list[Reason]:
    """What the customer says, each code once, where it stands first."""
    found: list[Reason] = []
    for rule in rulebook.told.rules:
        at = next((one.evidence for one in said.customer if rule.is_in(one.text)), None)
        if at is not None:
            found += [Reason(aspect, rule.code, told, at) for aspect, told in rule.signs.items()]
            if rule.urgency is not None:
                found.append(Reason("urgency", rule.code, URGENCY_WEIGHT[rule.urgency], at))
    return found


def reasons_of_history(history: History, said: Said, rulebook: Rulebook) -> list[Reason]:
    """What the desk's records say, where it weighs; n times a weight is joined to one."""
    facts = asdict(history) | {"customer_turns": said.customer_turns}
    found: list[Reason] = []
    for fact in rulebook.told.facts:
        times = fact.times(facts[fact.fact])
        if times:
            found += [
                Reason(aspect, fact.code, round(1.0 - (1.0 - weight) ** times, DECIMALS))
                for aspect, weight in fact.signs.items()
            ]
    urgency = rulebook.told.priorities.get(history.priority or "")
    if urgency is not None:
        found.append(Reason("urgency", PRIORITY, URGENCY_WEIGHT[urgency]))
    return found


def urgency_of(reasons: Sequence[Reason]) -> Urgency:
    """The highest that anything speaks for; without anything, normal."""
    weights = [one.weight for one in reasons if one.aspect == "urgency"]
    if not weights:
        return "normal"
    return next(one for one in reversed(URGENCIES) if URGENCY_WEIGHT[one] <= max(weights))


def risks_of(reasons: Sequence[Reason]) -> dict[Risk, float]:
    """Every risk."""
    return {one: risk(reasons, one) for one in RISKS}
