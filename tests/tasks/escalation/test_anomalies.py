"""What stands out is told; what chance does is not: how often it is all the same is measured."""

import math
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.escalation.anomalies import HISTORY, is_anomalous, usual_count

WEEKDAYS = (1.25, 1.1, 1.0, 1.0, 0.95, 0.55, 0.5)
MEANS = (4, 20, 100, 600)
TRIALS = 2_500
Draw = Callable[[Random, float], int]


def poisson(dice: Random, mean: float) -> int:
    """A count as chance alone makes it; for large means by a normal distribution."""
    if mean > 200:
        return max(0, round(dice.gauss(mean, math.sqrt(mean))))
    limit, count, left = math.exp(-mean), 0, dice.random()
    while left > limit:
        count, left = count + 1, left * dice.random()
    return count


def unsteady(dice: Random, mean: float) -> int:
    """A negative binomial: a desk whose days stray by 15% beyond what chance does."""
    shape = 1 / 0.15**2
    return poisson(dice, dice.gammavariate(shape, mean / shape))


def days(dice: Random, draw: Draw, mean: float, count: int = HISTORY + 1) -> list[int]:
    """Counts of days in a row, weekends quieter."""
    return [draw(dice, mean * WEEKDAYS[at % 7]) for at in range(count)]


@pytest.mark.parametrize(("draw", "at_most"), [(poisson, 1 / 400), (unsteady, 1 / 150)])
def test_a_desk_that_nothing_happens_to_is_rarely_told_of(draw: Draw, at_most: float) -> None:
    """10,000 quiet days of four sizes: false alarms on fewer than one of 400, or of 150."""
    dice = Random(11)
    alarms = 0
    for mean in MEANS:
        for _ in range(TRIALS):
            *history, today = days(dice, draw, mean)
            alarms += is_anomalous(today, history) is not None
    assert alarms / (TRIALS * len(MEANS)) <= at_most


@pytest.mark.parametrize(("mean", "times"), [(20, 4), (100, 2), (600, 1.4)])
def test_what_happens_is_told(mean: float, times: float) -> None:
    """Nine in ten days with so many times the usual number are found."""
    dice = Random(12)
    found = 0
    for _ in range(200):
        *history, _ = days(dice, poisson, mean)
        today = poisson(dice, times * mean * WEEKDAYS[HISTORY % 7])
        anomaly = is_anomalous(today, history)
        found += anomaly is not None and anomaly.distance > 0
    assert found >= 180


def test_a_day_is_compared_with_its_own_weekday() -> None:
    """A Sunday's count on a Monday is few; a Monday's is nothing to tell of."""
    history = [*[40, 35, 32, 32, 30, 15, 14] * 4, 40, 35, 32, 32, 30, 15]
    assert usual_count(history) == pytest.approx(14, abs=1)
    assert is_anomalous(14, history) is None
    told = is_anomalous(40, history)
    assert told is not None
    assert told.today == 40
    assert told.usual == pytest.approx(14, abs=1)
    assert told.distance > 3.5


def test_last_month_s_outage_is_not_what_is_usual() -> None:
    """A median does not follow one wild week."""
    history = [20] * HISTORY
    history[7:14] = [400] * 7
    assert usual_count(history) == pytest.approx(20, abs=2)


@given(st.integers(0, 500), st.lists(st.integers(0, 500), max_size=26))
def test_before_four_weeks_nothing_is_told(today: int, history: list[int]) -> None:
    """Fewer than 3 whole weeks before the day's own say nothing of what is usual."""
    known = [*history[:16]]
    assert is_anomalous(today, known) is None
    assert usual_count(known) is None


@given(
    st.integers(0, 2_000),
    st.lists(st.none() | st.integers(0, 2_000), min_size=27, max_size=60),
)
def test_the_rule_holds_for_whatever_was_counted(today: int, history: list[int | None]) -> None:
    """A difference of fewer than 5 is never told, gaps are no zeros, the sign is right."""
    told = is_anomalous(today, history)
    usual = usual_count(history)
    if told is None:
        return
    assert usual == pytest.approx(told.usual)
    assert abs(told.today - told.usual) >= 5
    assert (told.distance > 0) == (told.today > told.usual)
