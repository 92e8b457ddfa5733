"""The held-out texts are many, varied, and none was trained on."""

import re
from collections import Counter

import numpy as np
import pytest

from tasks.embedding import LocalEmbedder
from tasks.evaluation.held_out import read_procedures, read_texts
from tasks.evaluation.verdicts import polarity
from tasks.scoring import parse_sop
from tasks.scoring.train import read_sentences

# Above, two sentences share most of their words, or say the same in others.
ALIKE_WORDS = 0.7
ALIKE_MEANING = 0.92


def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold()))


@pytest.fixture(scope="module")
def texts() -> list[tuple[str, str]]:
    return read_texts()


def test_there_are_enough_of_each_class(texts: list[tuple[str, str]]) -> None:
    found = Counter(polarity(label) for label, _ in texts)
    assert found.total() >= 150
    assert min(found["negative"], found["neutral"], found["positive"]) >= 50
    assert len({text.casefold() for _, text in texts}) == len(texts)


def test_none_is_in_the_training_file(texts: list[tuple[str, str]]) -> None:
    """Neither the same words in another order nor all but a few of them."""
    trained = [words(sentence) for sentence in read_sentences()[0]]
    for _, text in texts:
        mine = words(text)
        nearest = max(len(mine & other) / len(mine | other) for other in trained)
        assert nearest < ALIKE_WORDS or len(mine) < 3, text


def test_none_says_the_same_as_a_training_sentence(
    texts: list[tuple[str, str]], embedder: LocalEmbedder
) -> None:
    """By the vectors that the head reads; texts of a word or two are left to the test above."""
    long = [text for _, text in texts if len(words(text)) >= 3]
    near = embedder.embed(long) @ embedder.embed(read_sentences()[0]).T
    alike = [text for text, row in zip(long, near, strict=True) if np.max(row) >= ALIKE_MEANING]
    assert alike == []


def test_the_conversations_cover_several_procedures_and_every_verdict() -> None:
    """At least forty; each with a truth for each step that the article has."""
    procedures = read_procedures()
    assert len(procedures) >= 5
    assert sum(len(one.conversations) for one in procedures) >= 40
    truths = Counter[str | None]()
    for one in procedures:
        steps = parse_sop(one.article, one.title).steps
        for case in one.conversations:
            assert len(case.want) == len(steps), case.said[0]
            truths.update(case.want)
    assert min(truths["met"], truths["not_met"], truths["not_applicable"]) >= 30
