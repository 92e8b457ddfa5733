"""Whether agents followed a procedure, step by step, with the sentence that shows it."""

from collections.abc import Iterator, Sequence

from tasks.embedding import Embedder
from tasks.scoring.actions import Subject, subject_of
from tasks.scoring.forbidden import forbidden_outcome
from tasks.scoring.lines import Script, script_of
from tasks.scoring.plan import Plan, plan_of
from tasks.scoring.protocol import Asked, Found
from tasks.scoring.records import Conversation, Finding, Sop, Step
from tasks.scoring.trigger import Applies, applies, requests_of
from tasks.scoring.vectors import Vectors
from tasks.scoring.verdicts import Case, Outcome, outcome_of

# The model for whose cosines the thresholds are set, then the rules: how procedures are read and
# found, and how they are judged by.
SOP_VERSION = "all-MiniLM-L6-v2-int8+evidence-3"

# The reason of every step where a customer asks for something else.
NOT_ASKED = "no_request"
# Below this cosine to everything that was said, a condition was not there.
_ABSENT_CONDITION = 0.3
_DECIMALS = 4


class LocalJudge:
    """Judges on this machine, by rules and closeness; what is embedded of procedures is kept."""

    version = SOP_VERSION
    unverified = 0  # what it points at, it has read there

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known = Vectors(embedder)

    def judge(
        self, sops: Sequence[Sop], conversations: Sequence[Conversation], asked: Asked
    ) -> list[Found]:
        """As `Judge.judge`."""
        self._known.add(text for position in asked for text in wordings(sops[position]))
        vectors = Vectors(self._embedder, self._known)
        found: list[Found] = [{} for _ in conversations]
        for position, places in sorted(asked.items()):
            spoken = [conversations[at] for at in places]
            judged = judge(sops[position], spoken, self._embedder, vectors)
            for at, findings in zip(places, judged, strict=True):
                if findings and findings[0].reason != NOT_ASKED:
                    found[at][position] = findings
        return found


def judge(
    sop: Sop,
    conversations: Sequence[Conversation],
    embedder: Embedder,
    vectors: Vectors | None = None,
) -> list[tuple[Finding, ...]]:
    """One tuple per conversation with one finding per step, in the steps' order.

    All are "not_applicable" when nobody asked for what the procedure governs or no agent has
    answered yet, and "unknown" when the request is unclear. Evidence always quotes an agent.
    Two batches are embedded: what customers said, then what agents said where it matters; what
    `vectors` holds already is not embedded again.
    """
    plans = [plan_of(step) for step in sop.steps]
    subject = subject_of(sop.trigger)
    scripts = [script_of(conversation) for conversation in conversations]
    vectors = Vectors(embedder) if vectors is None else vectors
    vectors.add(wordings(sop))
    vectors.add(line.text for script in scripts for line in script.others)
    governed = [applies(subject, sop.trigger, script, vectors.cosine) for script in scripts]
    vectors.add(_answers(scripts, governed))
    return [
        _findings(sop, plans, subject, script, vectors, verdict)
        for script, verdict in zip(scripts, governed, strict=True)
    ]


def wordings(sop: Sop) -> tuple[str, ...]:
    """What of a procedure is compared with what people said."""
    subject = subject_of(sop.trigger)
    plans = [plan_of(step) for step in sop.steps]
    return (
        *requests_of(sop.trigger),
        *((subject.action.example,) if subject else ()),
        *(text for plan in plans for text in (plan.step.text, plan.condition)),
    )


def _answers(scripts: Sequence[Script], governed: Sequence[Applies]) -> Iterator[str]:
    """What agents said where the procedure applies."""
    for script, verdict in zip(scripts, governed, strict=True):
        if verdict == "yes":
            yield from (line.text for line in script.agent)


def _findings(
    sop: Sop,
    plans: Sequence[Plan],
    subject: Subject | None,
    script: Script,
    vectors: Vectors,
    verdict: Applies,
) -> tuple[Finding, ...]:
    if verdict == "no":
        return _same(sop.steps, Outcome("not_applicable", NOT_ASKED, 0.9))
    if not script.agent:
        return _same(sop.steps, Outcome("not_applicable", "no_agent_turn", 0.9))
    if verdict == "unclear":
        return _same(sop.steps, Outcome("unknown", "request_unclear"))
    return tuple(_finding(plan.step, _judged(plan, subject, script, vectors)) for plan in plans)


def _judged(plan: Plan, subject: Subject | None, script: Script, vectors: Vectors) -> Outcome:
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
