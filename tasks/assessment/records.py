"""What an assessment is made of, and what it says."""

from dataclasses import dataclass
from typing import Literal, get_args

from tasks.scoring.records import Conversation, Evidence

Aspect = Literal["topic", "intent", "urgency", "effort", "churn", "escalation"]
Risk = Literal["effort", "churn", "escalation"]
Urgency = Literal["low", "normal", "high", "critical"]
Category = Literal["greeting", "empathy", "solution", "closing", "readability"]
CheckVerdict = Literal["met", "not_met", "not_applicable"]
Provider = Literal["local", "openai"]

RISKS: tuple[Risk, ...] = get_args(Risk)
URGENCIES: tuple[Urgency, ...] = get_args(Urgency)
CATEGORIES: tuple[Category, ...] = get_args(Category)
OTHER = "other"
SETTLED = frozenset({"solved", "closed", "deleted"})


@dataclass(frozen=True, slots=True)
class History:
    """What the desk knows of a ticket beside its words. Sentiments are in -1..1.

    `reassignments` counts agents and groups after the first; `repeat_contacts` the tickets that
    the same person opened in the thirty days before this one.
    """

    status: str | None = None
    priority: str | None = None
    reopens: int = 0
    reassignments: int = 0
    repeat_contacts: int = 0
    sentiment_end: float | None = None
    sentiment_minimum: float | None = None

    @property
    def is_open(self) -> bool:
        return self.status not in SETTLED


@dataclass(frozen=True)
class Case:
    """One ticket to assess. `repr` hides its words."""

    conversation: Conversation
    history: History

    @property
    def ticket_id(self) -> int:
        return self.conversation.ticket_id

    def __repr__(self) -> str:
        return f"Case({self.ticket_id})"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a code of the rulebook, its weight in 0..1, and where it was said if it was."""

    aspect: Aspect
    code: str
    weight: float
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One category of the scorecard; `score` in 0..1, None where it does not apply.

    `reason` is a code: said, not_said, no_answer, nothing_to_regret, still_open, plain, heavy;
    a model's is judged.
    """

    category: Category
    verdict: CheckVerdict
    score: float | None
    reason: str
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Assessment:
    """What is found. Risks and confidence are in 0..1; a model tells of no confidence.

    `repr` hides the summary. `fallback` is why the rules stood in for a model: refusal, length,
    content_filter, malformed.
    """

    ticket_id: int
    provider: Provider
    topic_id: str
    topic_confidence: float | None
    intent: str
    urgency: Urgency
    effort: float
    churn_risk: float
    escalation_risk: float
    reasons: tuple[Reason, ...]
    checks: tuple[Check, ...]
    summary: str
    fallback: str | None = None
    dropped_quotes: int = 0

    def __repr__(self) -> str:
        return f"Assessment({self.ticket_id})"
