"""The figures of sentiment and of procedures, from what is true and what was said."""

from collections.abc import Sequence
from typing import get_args

from tasks.evaluation import metrics
from tasks.evaluation.records import ABSTAINED, Judged, defined
from tasks.scoring.records import Conversation, Evidence, SentimentLabel
from warehouse.evaluations import Figure

LABELS: tuple[SentimentLabel, ...] = get_args(SentimentLabel)
DECIDED = ("met", "not_met")
VIOLATION = "not_met"


def polarity(label: str) -> str:
    """Five labels as three; "unknown" stays."""
    return label.removeprefix("very_")


def measure_sentiment(judged: Sequence[Judged]) -> dict[Figure, float]:
    """The figures over three classes; quadratic kappa over five, in their order.

    A text without a score counts as wrong.
    """
    truth, said = ([polarity(one) for one in side] for side in _sides(judged))
    scored = [one for one in judged if one.said != ABSTAINED]
    return defined(
        accuracy=metrics.accuracy(truth, said),
        macro_f1=metrics.macro_f1(truth, said),
        kappa=metrics.kappa(truth, said),
        quadratic_kappa=metrics.quadratic_kappa(*_sides(scored), LABELS),
        calibration_error=metrics.calibration_error(
            [one.confidence for one in scored],
            [polarity(one.truth) == polarity(one.said) for one in scored],
        ),
        abstention=metrics.share(len(judged) - len(scored), len(judged)),
    )


def measure_procedures(judged: Sequence[Judged]) -> dict[Figure, float]:
    """The figures over the verdicts on steps.

    Precision: of the steps that were said to be met or not met, the share of which that is true.
    Recall: of the steps that are met or not met, the share of which it was said. The same of
    "not met" alone: that is an accusation.
    """
    truth, said = _sides(judged)
    decided = [one for one in judged if one.said != ABSTAINED]
    return defined(
        accuracy=metrics.accuracy(truth, said),
        macro_f1=metrics.macro_f1(truth, said),
        kappa=metrics.kappa(truth, said),
        calibration_error=metrics.calibration_error(
            [one.confidence for one in decided], [one.truth == one.said for one in decided]
        ),
        precision=_precision(judged, DECIDED),
        recall=_recall(judged, DECIDED),
        violation_precision=_precision(judged, (VIOLATION,)),
        violation_recall=_recall(judged, (VIOLATION,)),
        abstention=metrics.share(len(judged) - len(decided), len(judged)),
    )


def stands(conversation: Conversation, evidence: Evidence) -> bool:
    """True where the offsets still lie on whole words that an agent may have said."""
    for turn in conversation.turns:
        if (turn.comment_id, turn.turn_no) == (evidence.comment_id, evidence.turn_no):
            at_agent = turn.speaker in ("agent", "unknown")
            return at_agent and _are_words(turn.text, evidence.start_char, evidence.end_char)
    return False


def _are_words(text: str, start: int, end: int) -> bool:
    quote = text[start:end]
    if end > len(text) or quote != quote.strip() or not any(map(str.isalpha, quote)):
        return False
    cut = (text[max(0, start - 1) : start + 1], text[end - 1 : end + 1])
    return not any(len(pair) == 2 and pair.isalnum() for pair in cut)


def _sides(judged: Sequence[Judged]) -> tuple[list[str], list[str]]:
    return [one.truth for one in judged], [one.said for one in judged]


def _precision(judged: Sequence[Judged], classes: Sequence[str]) -> float | None:
    said = [one for one in judged if one.said in classes]
    return metrics.share(sum(one.truth == one.said for one in said), len(said))


def _recall(judged: Sequence[Judged], classes: Sequence[str]) -> float | None:
    true = [one for one in judged if one.truth in classes]
    return metrics.share(sum(one.truth == one.said for one in true), len(true))
