"""Texts with their truth that no model was trained on and no rule was written for.

They lie in `data/`. Whoever tunes a model or a rule to one of them must write new ones.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from tasks.evaluation import metrics
from tasks.evaluation.records import ABSTAINED, Judged, Measured, split_version
from tasks.evaluation.verdicts import LABELS, measure_procedures, measure_sentiment, stands
from tasks.scoring import (
    Conversation,
    Finding,
    Sop,
    Speaker,
    TicketSentiment,
    Turn,
    Verdict,
    parse_sop,
)

Scorer = Callable[[Sequence[Conversation]], Sequence[TicketSentiment]]
Judge = Callable[[Sop, Sequence[Conversation]], Sequence[Sequence[Finding]]]

DATA = Path(__file__).with_name("data")
SAID_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
SPEAKERS: Mapping[str, tuple[Speaker, bool]] = {
    "c": ("customer", True),
    "a": ("agent", True),
    "n": ("agent", False),
    "u": ("unknown", True),
}


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation, a line a turn, and what is true of each step; None is left out."""

    want: list[Verdict | None]
    said: list[str]


class Procedure(msgspec.Struct, frozen=True, kw_only=True):
    """A procedure and conversations, most of which it governs."""

    name: str
    title: str
    article: str
    conversations: list[Case]


def read_texts() -> list[tuple[str, str]]:
    """What customers wrote, each with its label of five."""
    return [(LABELS[int(row["label"]) + 2], row["text"]) for row in read_table("sentiment.tsv")]


def read_procedures() -> list[Procedure]:
    """The procedures with their conversations."""
    return msgspec.yaml.decode((DATA / "procedures.yml").read_bytes(), type=list[Procedure])


def read_table(name: str) -> list[dict[str, str]]:
    """The rows of a file of tab-separated values, by the names in its first line."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def held_out_sentiment(score: Scorer, *, version: str) -> Measured:
    """How well `score` tells how customers sound."""
    texts = read_texts()
    talks = [conversation_of(at, [f"c: {text}"]) for at, (_, text) in enumerate(texts, start=1)]
    judged = [
        Judged(truth, one.turns[0].label, one.turns[0].confidence)
        if one.turns
        else Judged(truth, ABSTAINED, 0.0)
        for (truth, _), one in zip(texts, score(talks), strict=True)
    ]
    figures = measure_sentiment(judged)
    return Measured("held_out", "sentiment", *split_version(version), len(judged), figures)


def held_out_procedures(judge: Judge, *, version: str) -> Measured:
    """How well `judge` tells whether agents follow procedures, and whether its quotes stand."""
    judged: list[Judged] = []
    quotes: list[bool] = []
    for case, talk, findings in _judged_cases(judge):
        judged += [
            Judged(truth, one.verdict, one.confidence)
            for truth, one in zip(case.want, findings, strict=True)
            if truth is not None
        ]
        quotes += [stands(talk, one.evidence) for one in findings if one.evidence]
    figures = measure_procedures(judged)
    validity = metrics.share(sum(quotes), len(quotes))
    if validity is not None:
        figures["quote_validity"] = round(validity, 4)
    return Measured("held_out", "procedures", *split_version(version), len(judged), figures)


def conversation_of(ticket_id: int, said: Sequence[str]) -> Conversation:
    """A conversation from lines such as "c: I have moved", a minute apart."""
    turns = []
    for number, line in enumerate(said, start=1):
        speaker, is_public = SPEAKERS[line[0]]
        at = SAID_AT + timedelta(minutes=number)
        turns.append(Turn(number, 0, speaker, line[2:].strip(), at, is_public))
    return Conversation(ticket_id, tuple(turns))


def _judged_cases(judge: Judge) -> Iterator[tuple[Case, Conversation, Sequence[Finding]]]:
    for one in read_procedures():
        talks = [conversation_of(at, case.said) for at, case in enumerate(one.conversations)]
        found = judge(parse_sop(one.article, one.title), talks)
        yield from zip(one.conversations, talks, found, strict=True)
