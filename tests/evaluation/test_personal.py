"""Recall of what identifies people, on a redactor that knows e-mail addresses only."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tasks.evaluation.personal import held_out_personal, read_personal

EMAIL = re.compile(r"[\w.+'-]+@[\w.-]+\w")


@dataclass(frozen=True)
class Taken:
    start: int
    end: int


@dataclass(frozen=True)
class Found:
    spans: Sequence[Sequence[Taken]]


class EmailRedactor:
    """Finds e-mail addresses, and of names their first words."""

    def __init__(self, people: Sequence[str]) -> None:
        self._first = [re.escape(name.split()[0]) for name in people]

    def redact(self, texts: Sequence[str]) -> Found:
        pattern = re.compile("|".join([EMAIL.pattern, *self._first]))
        return Found([[Taken(*m.span()) for m in pattern.finditer(text)] for text in texts])


def test_the_texts_are_many_and_of_every_kind() -> None:
    texts = read_personal()
    assert len(texts) >= 150
    kinds = Counter(thing.kind for one in texts for thing in one.planted)
    assert min(kinds[kind] for kind in ("name", "email", "phone", "card")) >= 12
    assert sum(not one.planted for one in texts) >= 10


def test_marks_are_taken_out_of_the_text_and_point_into_it() -> None:
    for one in read_personal():
        assert "[" not in one.text, one.text
        for thing in one.planted:
            assert one.text[thing.start : thing.end].strip()


def test_recall_is_by_kind_and_whole() -> None:
    """An address in words is missed, a surname that is left makes its name missed."""
    measured = held_out_personal(EmailRedactor, version="emails+1")
    assert measured.n == 206
    assert 0.9 < measured.figures["email_recall"] < 1.0
    assert 0.1 < measured.figures["name_recall"] < 0.4
    assert measured.figures["phone_recall"] == measured.figures["card_recall"] == 0.0
    assert measured.figures["precision"] > 0.9
