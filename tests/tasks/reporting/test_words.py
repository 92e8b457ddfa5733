"""Figures are told with their units, and never as more than is known."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import ConfigurationError
from tasks.reporting.period import chosen_period
from tasks.reporting.words import Kind, change, days, duration, several, told
from tests.tasks.reporting.desk import PERIOD


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (Kind.COUNT, 1234, "1,234"),
        (Kind.COUNT, None, "no data"),
        (Kind.SHARE, 0.999, "99%"),
        (Kind.SHARE, 1.0, "100%"),
        (Kind.SHARE, 0.001, "under 1%"),
        (Kind.SHARE, 0.0, "0%"),
        (Kind.MINUTES, 0.2, "under 1 min"),
        (Kind.MINUTES, 200, "3 h 20 min"),
        (Kind.MINUTES, 3120, "2 d 4 h"),
        (Kind.SECONDS, 14.4, "14 s"),
        (Kind.SCORE, -0.25, "−0.25"),
        (Kind.MARK, 78, "78.0"),
    ],
)
def test_a_figure_has_its_unit(kind: Kind, value: float | None, words: str) -> None:
    assert told(kind, value) == words


@pytest.mark.parametrize(
    ("kind", "now", "then", "words"),
    [
        (Kind.COUNT, 120, 100, "20% more"),
        (Kind.COUNT, 3, 0, "3 more"),
        (Kind.SHARE, 0.6, 0.9, "30 points less"),
        (Kind.MINUTES, 60, 120, "50% shorter"),
        (Kind.SCORE, 0.1, 0.1, "the same"),
        (Kind.MARK, None, 1, "nothing to compare with"),
    ],
)
def test_a_change_is_told_in_words(
    kind: Kind, now: float | None, then: float | None, words: str
) -> None:
    assert change(kind, now, then) == words


@given(st.floats(0, 10**6, allow_nan=False))
def test_a_duration_has_one_unit_or_two(minutes: float) -> None:
    """No unit overflows: never 60 minutes, never 24 hours."""
    assert not re.search(r"\b(60 min|24 h)\b", duration(minutes))


def test_days_are_told_short() -> None:
    one, other = date(2026, 11, 23), date(2026, 11, 25)
    assert days(one, other) == "23–25 November"
    assert days(date(2026, 11, 30), date(2026, 12, 2)) == "30 November – 2 December"
    assert several([other, one, date(2026, 11, 24), date(2026, 11, 28)]) == (
        "23–25 November and 28 November"
    )


def test_a_week_is_seven_days_before_today_or_the_one_named() -> None:
    """From Monday to Sunday when a day is named."""
    first, last, today = PERIOD.first, PERIOD.last, date(2026, 11, 26)
    usual = chosen_period(today=today, first=first, last=last, week_of=None)
    named = chosen_period(today=today, first=first, last=last, week_of=date(2026, 11, 18))
    assert (usual.days[0], usual.until) == (date(2026, 11, 19), date(2026, 11, 25))
    assert (named.days[0], named.until) == (date(2026, 11, 16), date(2026, 11, 22))


@pytest.mark.parametrize(("day", "why"), [("2026-11-24", "not over"), ("2026-09-01", "before")])
def test_a_week_that_is_not_there_is_refused(day: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        chosen_period(
            today=date(2026, 11, 26),
            first=PERIOD.first,
            last=PERIOD.last,
            week_of=date.fromisoformat(day),
        )
