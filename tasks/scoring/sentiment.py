"""How customers sound, turn by turn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.embedding import Embedder
from tasks.scoring.courtesies import message_sentences
from tasks.scoring.head import CLASS_SCORES, packaged_head
from tasks.scoring.records import (
    Conversation,
    SentimentLabel,
    TicketSentiment,
    Turn,
    TurnSentiment,
)
from tasks.scoring.speakers import speaker_of
from tasks.scoring.tone import bounded, lexicon_score

# The model whose vectors the head reads, then head and rules.
SENTIMENT_VERSION = "all-MiniLM-L6-v2-int8+logistic-1"

# The lower edge of each label.
_LABELS: tuple[tuple[float, SentimentLabel], ...] = (
    (0.6, "very_positive"),
    (0.2, "positive"),
    (-0.2, "neutral"),
    (-0.6, "negative"),
    (-1.0, "very_negative"),
)
# A strong sentence says more about a turn than the facts around it.
_BASE_WEIGHT = 0.05
_SHORT_WORDS = 3
_TIE_MARGIN = 0.1
_RULE_CONFIDENCE = 0.8
_FALLBACK_CONFIDENCE = 0.4
_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class _Reading:
    score: float
    confidence: float


def score_sentiment(
    conversations: Sequence[Conversation], embedder: Embedder
) -> list[TicketSentiment]:
    """One result per conversation, over what its customers said.

    A turn without words has no score. Of a turn whose speaker is unknown (a call), only the
    sentences that sound like the caller count; where none does, the turn has no score. Vectors
    of a model that the head does not know are not read: words alone decide then.
    """
    spoken = [
        [(turn, _customer_sentences(turn)) for turn in conversation.turns]
        for conversation in conversations
    ]
    texts = sorted({text for turns in spoken for _, told in turns for text in told})
    readings = _readings(texts, embedder)
    return [
        _ticket(conversation.ticket_id, turns, readings)
        for conversation, turns in zip(conversations, spoken, strict=True)
    ]


def label_of(score: float) -> SentimentLabel:
    """The label of a score in -1..1."""
    return next(label for edge, label in _LABELS if score >= edge)


def _customer_sentences(turn: Turn) -> tuple[str, ...]:
    if turn.speaker not in ("customer", "unknown"):
        return ()
    sentences = (sentence.text for sentence in message_sentences(turn.text))
    return tuple(text for text in sentences if speaker_of(turn, text) == "customer")


def _readings(texts: Sequence[str], embedder: Embedder) -> dict[str, _Reading]:
    head = packaged_head()
    if not texts:
        return {}
    if not head.fits(embedder.model_version):
        return {text: _fallback(text) for text in texts}
    rows = head.probabilities(embedder.embed(texts))
    return {text: _reading(text, row) for text, row in zip(texts, rows, strict=True)}


def _reading(text: str, probabilities: NDArray[np.float64]) -> _Reading:
    """The head's expectation, settled by VADER where the text is short or two classes tie."""
    score = float(probabilities @ np.array(CLASS_SCORES))
    runner_up, best = np.sort(probabilities)[-2:]
    if len(text.split()) <= _SHORT_WORDS or best - runner_up < _TIE_MARGIN:
        score = (score + lexicon_score(text)) / 2
    score, ruled = bounded(text, score)
    return _Reading(score, max(float(best), _RULE_CONFIDENCE if ruled else 0.0))


def _fallback(text: str) -> _Reading:
    score, ruled = bounded(text, lexicon_score(text))
    return _Reading(score, _RULE_CONFIDENCE if ruled else _FALLBACK_CONFIDENCE)


def _ticket(
    ticket_id: int,
    turns: Sequence[tuple[Turn, tuple[str, ...]]],
    readings: Mapping[str, _Reading],
) -> TicketSentiment:
    scored = tuple(
        _turn_sentiment(turn, [readings[text] for text in told]) for turn, told in turns if told
    )
    scores = [turn.score for turn in scored]
    if not scores:
        return TicketSentiment(ticket_id, (), None, None, None, None)
    start, end = scores[0], scores[-1]
    return TicketSentiment(
        ticket_id, scored, start, end, min(scores), round(end - start, _DECIMALS)
    )


def _turn_sentiment(turn: Turn, readings: Sequence[_Reading]) -> TurnSentiment:
    weights = [_BASE_WEIGHT + abs(reading.score) for reading in readings]
    score = _weighted([reading.score for reading in readings], weights)
    return TurnSentiment(
        comment_id=turn.comment_id,
        turn_no=turn.turn_no,
        speaker=turn.speaker,
        score=score,
        label=label_of(score),
        confidence=_weighted([reading.confidence for reading in readings], weights),
        said_at=turn.said_at,
    )


def _weighted(values: Sequence[float], weights: Sequence[float]) -> float:
    pairs = zip(values, weights, strict=True)
    return round(sum(value * weight for value, weight in pairs) / sum(weights), _DECIMALS)
