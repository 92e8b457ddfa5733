"""How customers sound and whether agents follow their procedures, without a language model."""

from tasks.scoring.judging import SOP_VERSION, LocalJudge, judge
from tasks.scoring.protocol import RULES_VERSION, Asked, Found, Judge
from tasks.scoring.records import (
    Conversation,
    Evidence,
    Finding,
    SentimentLabel,
    Sop,
    Speaker,
    Step,
    StepKind,
    TicketSentiment,
    Turn,
    TurnSentiment,
    Verdict,
)
from tasks.scoring.sentiment import SENTIMENT_VERSION, score_sentiment
from tasks.scoring.shelf import Shelf
from tasks.scoring.sop import parse_sop
from tasks.scoring.speakers import speaker_of

__all__ = [
    "RULES_VERSION",
    "SENTIMENT_VERSION",
    "SOP_VERSION",
    "Asked",
    "Conversation",
    "Evidence",
    "Finding",
    "Found",
    "Judge",
    "LocalJudge",
    "SentimentLabel",
    "Shelf",
    "Sop",
    "Speaker",
    "Step",
    "StepKind",
    "TicketSentiment",
    "Turn",
    "TurnSentiment",
    "Verdict",
    "judge",
    "parse_sop",
    "score_sentiment",
    "speaker_of",
]
