"""When a day's count stands out: the weekly report's rule for counts, asked about one day.

The day is compared with what such a day of the week usually brings: the median of the former
weeks' counts, shared out over their days as this desk's own weeks are. The distance is in steps of
what chance alone does to a count of that size, or of how far the desk's days stray by themselves
where that is more; from 3.5 on it is told. On a desk that nothing happens to, chance gets there in
less than one of 1,000 days (tests/tasks/escalation/test_anomalies.py measures it).

Source: tasks/reporting/statistics.py, which has the formulas.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.reporting.period import DAYS, WEEKS
from tasks.reporting.statistics import (
    FEWEST_WEEKS,
    Counts,
    day_weights,
    furthest_run,
    is_clear,
    is_enough,
    usual_week,
)

HISTORY = DAYS * WEEKS - 1  # days before today that are looked at: four weeks, and this one's six
Daily = Sequence[int | None]


@dataclass(frozen=True)
class Anomaly:
    """A day's count, what such a day usually brings, and how many steps of chance lie between."""

    today: int
    usual: float
    distance: float


def is_anomalous(today: int, history: Daily) -> Anomaly | None:
    """The day's count if chance is no explanation for it.

    `history` are the counts of the days right before, day by day, the latest last; None where
    nothing was measured. Never told: a difference of fewer than 5, and anything before there are
    3 weeks of 4 measured days before the day's own week: 27 days.
    """
    former = _former_weeks(history)
    if len(former) < FEWEST_WEEKS:
        return None
    found = furthest_run([*[None] * (DAYS - 1), today], former, day_weights(former))
    if found is None or not is_clear(found.distance):
        return None
    return Anomaly(today, found.usual, found.distance)


def usual_count(history: Daily) -> float | None:
    """What a day right after `history` usually brings; None where too little is known."""
    former = _former_weeks(history)
    if len(former) < FEWEST_WEEKS:
        return None
    weights = day_weights(former)
    return usual_week(former, weights) * weights[-1]


def _former_weeks(history: Daily) -> list[Counts]:
    """The weeks before the one that ends today, those that are measured enough."""
    latest = list(history[-HISTORY:])
    known: list[int | None] = [*[None] * (HISTORY - len(latest)), *latest]
    weeks = [known[at : at + DAYS] for at in range(0, HISTORY - DAYS + 1, DAYS)]
    return [week for week in weeks if is_enough(week)]
