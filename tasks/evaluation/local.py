"""The held-out figures of the models that come inside packages: the same on every machine."""

from tasks.embedding import Embedder
from tasks.evaluation.held_out import held_out_procedures, held_out_sentiment
from tasks.evaluation.records import Measured
from tasks.scoring import SENTIMENT_VERSION, SOP_VERSION, judge, score_sentiment


def measure_local(embedder: Embedder) -> list[Measured]:
    """The figures of sentiment and procedures."""
    return [
        held_out_sentiment(
            lambda talks: score_sentiment(talks, embedder), version=SENTIMENT_VERSION
        ),
        held_out_procedures(lambda sop, talks: judge(sop, talks, embedder), version=SOP_VERSION),
    ]
