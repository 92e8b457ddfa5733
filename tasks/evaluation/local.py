"""The held-out figures of the models that come inside packages."""

from collections.abc import Sequence

from tasks.embedding import Embedder
from tasks.evaluation.held_out import held_out_procedures, held_out_sentiment
from tasks.evaluation.personal import held_out_personal
from tasks.evaluation.records import Measured, defined, split_version
from tasks.redaction import REDACTION_VERSION, Person, Redactor
from tasks.scoring import SENTIMENT_VERSION, SOP_VERSION, judge, score_sentiment
from tasks.speech import Transcriber
from tasks.speech.accuracy import measure_accuracy


def measure_local(embedder: Embedder) -> list[Measured]:
    """The figures of sentiment, procedures and redaction."""
    return [
        held_out_sentiment(
            lambda talks: score_sentiment(talks, embedder), version=SENTIMENT_VERSION
        ),
        held_out_procedures(lambda sop, talks: judge(sop, talks, embedder), version=SOP_VERSION),
        held_out_personal(_redactor, version=REDACTION_VERSION),
    ]


def _redactor(names: Sequence[str]) -> Redactor:
    """One that knows these people by their names alone."""
    return Redactor([Person(number, (name,)) for number, name in enumerate(names)])


def measure_hearing(transcriber: Transcriber) -> Measured:
    """The word errors of any transcriber on the repository's telephone calls; `n` is words."""
    heard = measure_accuracy(transcriber)
    figures = defined(word_error_rate=heard.word_error_rate)
    version = split_version(transcriber.model_version)
    return Measured("held_out", "transcribe", *version, heard.words, figures)
