"""Whether agents followed a procedure, step by step, with the sentence that shows it."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.embedding import Embedder
from tasks.scoring.actions import Subject, subject_of
from tasks.scoring.forbidden import forbidden_outcome
from tasks.scoring.lines import Script, script_of
from tasks.scoring.plan import Plan, plan_of
from tasks.scoring.records import Conversation, Finding, Sop, Step
from tasks.scoring.trigger import Applies, applies
from tasks.scoring.verdicts import Case, Outcome, outcome_of

# The model for whose cosines the thresholds are set, then the rules.
SOP_VERSION = "all-MiniLM-L6-v2-int8+evidence-2"

# Below this cosine to everything that was said, a condition was not there.
_ABSENT_CONDITION = 0.3
_DECIMALS = 4


class _Vectors:
    """The vectors of texts, each embedded once, looked up by text."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._rows: dict[str, NDArray[np.float32]] = {}

    def add(self, texts: Iterable[str]) -> None:
        """Embeds those that are new, in one batch."""
        new = sorted({text for text in texts if text} - self._rows.keys())
        self._rows.update(zip(new, self._embedder.embed(new), strict=True))

    def cosine(self, one: str, other: str) -> float:
        """-1..1; 0 for a text that was not embedded."""
        if one not in self._rows or other not in self._rows:
            return 0.0
        return float(self._rows[one] @ self._rows[other])


def judge(
    sop: Sop, conversations: Sequence[Conversation], embedder: Embedder
) -> list[tuple[Finding, ...]]:
    """One tuple per conversation with one finding per step, in the steps' order.

    All are "not_applicable" when nobody asked for what the procedure governs or no agent has
    answered yet, and "unknown" when the request is unclear. Evidence always quotes an agent.
    Two batches are embedded: what customers said, then what agents said where it matters.
    """
    plans = [plan_of(step) for step in sop.steps]
    subject = subject_of(sop.trigger)
    scripts = [script_of(conversation) for conversation in conversations]
    vectors = _Vectors(embedder)
    vectors.add((*sop.trigger, *(subject.requests if subject else ())))
    vectors.add(line.text for script in scripts for line in script.others)
    governed = [applies(subject, sop.trigger, script, vectors.cosine) for script in scripts]
    vectors.add(text for plan in plans for text in (plan.step.text, plan.condition))
    vectors.add(_answers(scripts, governed, subject))
    return [
        _findings(sop, plans, subject, script, vectors, verdict)
        for script, verdict in zip(scripts, governed, strict=True)
    ]


def _answers(
    scripts: Sequence[Script], governed: Sequence[Applies], subject: Subject | None
) -> Iterator[str]:
    """What agents said where the procedure applies, and what to compare it with."""
    yield subject.action.example if subject else ""
    for script, verdict in zip(scripts, governed, strict=True):
        if verdict == "yes":
            yield from (line.text for line in script.agent)


def _findings(
    sop: Sop,
    plans: Sequence[Plan],
    subject: Subject | None,
    script: Script,
    vectors: _Vectors,
    verdict: Applies,
) -> tuple[Finding, ...]:
    if verdict == "no":
        return _same(sop.steps, Outcome("not_applicable", "no_request", 0.9))
    if not script.agent:
        return _same(sop.steps, Outcome("not_applicable", "no_agent_turn", 0.9))
    if verdict == "unclear":
        return _same(sop.steps, Outcome("unknown", "request_unclear"))
    return tuple(_finding(plan.step, _judged(plan, subject, script, vectors)) for plan in plans)


def _judged(plan: Plan, subject: Subject | None, script: Script, vectors: _Vectors) -> Outcome:
    case = Case(
        script,
        subject,
        closeness=lambda text: vectors.cosine(plan.step.text, text),
        doneness=lambda text: vectors.cosine(subject.action.example, text) if subject else 0.0,
    )
    if plan.condition:
        said = (vectors.cosine(plan.condition, line.text) for line in script.lines)
        if max(said, default=0.0) < _ABSENT_CONDITION:
            return Outcome("not_applicable", "condition_absent", 0.6)
        return Outcome("unknown", "condition_unclear")
    if plan.step.kind == "forbidden":
        return forbidden_outcome(plan.demands[0], case)
    return _combined([outcome_of(demand, case) for demand in plan.demands])


def _combined(outcomes: Sequence[Outcome]) -> Outcome:
    """The step's outcome: all of its demands agree, or it is unknown."""
    due = [outcome for outcome in outcomes if outcome.verdict != "not_applicable"] or outcomes
    unknown = [outcome for outcome in due if outcome.verdict == "unknown"]
    if unknown:
        return unknown[0]
    if len({outcome.verdict for outcome in due}) > 1:
        quote = next(outcome.evidence for outcome in due if outcome.verdict == "met")
        return Outcome("unknown", "partly_met", evidence=quote)
    return min(due, key=lambda outcome: outcome.confidence)


def _finding(step: Step, outcome: Outcome) -> Finding:
    return Finding(
        step_no=step.step_no,
        verdict=outcome.verdict,
        confidence=round(outcome.confidence, _DECIMALS),
        reason=outcome.reason,
        evidence=outcome.evidence,
    )


def _same(steps: Sequence[Step], outcome: Outcome) -> tuple[Finding, ...]:
    return tuple(_finding(step, outcome) for step in steps)
