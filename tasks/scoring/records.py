"""What scoring reads and what it returns."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Speaker = Literal["customer", "agent", "system", "unknown"]
SentimentLabel = Literal["very_negative", "negative", "neutral", "positive", "very_positive"]
StepKind = Literal["required", "forbidden", "conditional"]
Verdict = Literal["met", "not_met", "not_applicable", "unknown"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One comment, or one stretch of a call; a transcript's speaker is often unknown.

    `turn_no` is 0 for a comment and counts the stretches of a call's one comment from 1: only
    together with `comment_id` does it name a turn.
    """

    comment_id: int
    turn_no: int
    speaker: Speaker
    text: str
    said_at: datetime
    is_public: bool


@dataclass(frozen=True, slots=True)
class Conversation:
    """A ticket's turns in the order in which they were said; `subject` helps to find procedures."""

    ticket_id: int
    turns: tuple[Turn, ...]
    subject: str = ""


@dataclass(frozen=True, slots=True)
class TurnSentiment:
    """How a customer sounds in one turn: `score` in -1..1, `confidence` in 0..1."""

    comment_id: int
    turn_no: int
    speaker: Speaker
    score: float
    label: SentimentLabel
    confidence: float
    said_at: datetime


@dataclass(frozen=True, slots=True)
class TicketSentiment:
    """The scored turns and their course; `change` is end minus start.

    All four are None when the customer said nothing that can be scored.
    """

    ticket_id: int
    turns: tuple[TurnSentiment, ...]
    start: float | None
    end: float | None
    minimum: float | None
    change: float | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A quote: `turn.text[start_char:end_char]` of this comment's turn, verbatim."""

    comment_id: int
    turn_no: int
    start_char: int
    end_char: int


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on one step; `confidence` in 0..1, 0 for "unknown".

    `reason` is a code, never text of a conversation:

    - met: evidence_found, similar_sentence, no_violation
    - not_met: no_evidence, wrong_order, answer_not_awaited, not_told, forbidden_found
    - not_applicable: no_request, no_agent_turn, not_due, condition_absent
    - unknown: request_unclear, partly_met, unclear_wording, wrong_time, speaker_unclear,
      change_unclear, note_contradicts, possible_violation, condition_unclear, no_evidence
    - of a model elsewhere: model_judged, model_unsure, quote_unverified; request_unclear and
      no_agent_turn as above
    """

    step_no: int
    verdict: Verdict
    confidence: float
    reason: str
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class Step:
    """A numbered step of a procedure, from 1.

    `condition` is what it hangs on, `actor` who is to do it, `deadline` until when: each in the
    procedure's own words, "" where it does not say.
    """

    step_no: int
    text: str
    kind: StepKind
    condition: str = ""
    actor: str = ""
    deadline: str = ""


@dataclass(frozen=True, slots=True)
class Sop:
    """A procedure: its steps, and in `trigger` the sentences that say when it applies."""

    title: str
    steps: tuple[Step, ...]
    trigger: tuple[str, ...]
