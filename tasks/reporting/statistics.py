"""When a figure stands out: robust comparisons of counts and shares with what is usual.

Counts are compared as 2·√(n + 3/8), shares as 2·arcsin √share: on these scales chance alone moves
a figure by about one, or by 1/√n, whatever its size (Anscombe, Biometrika 35, 1948). The usual is
a median of former weeks, and their median absolute deviation widens the scale where a desk is by
itself less steady than chance.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tasks.reporting.period import FEWEST_DAYS

CLEAR, PERHAPS = 3.5, 2.75  # distances: chance reaches the first in 1 of 2,000 comparisons
NORMAL = 1.4826  # a median absolute deviation as the standard deviation of a normal distribution
OF_A_MEDIAN = math.pi / 2  # the variance of a median of n, beside that of a mean of n
FEWEST_WEEKS = 3
FEWEST_TICKETS = 5  # by which a count differs
FEWEST_JUDGED = 20  # of which a share is made
FEWEST_POINTS = 0.05  # by which a share differs from the usual
PEER_POINTS = 0.10  # … and from its peers
FEWEST_PEERS = 3


Counts = Sequence[int | None]  # a week's days; None: not measured


@dataclass(frozen=True)
class Run:
    """Days in a row of one week, from `start` on (0 is its first): the count and the usual."""

    start: int
    days: int
    count: int
    usual: float
    distance: float


@dataclass(frozen=True)
class Share:
    """`hits` of `n`, and what it differs from."""

    hits: int
    n: int
    usual: float
    distance: float

    @property
    def value(self) -> float:
        return self.hits / self.n


def is_clear(distance: float) -> bool:
    """Whether it is so far out that chance is no explanation."""
    return abs(distance) >= CLEAR


def steadied(count: float) -> float:
    """A count on the scale where chance moves it by one."""
    return 2 * math.sqrt(count + 3 / 8)


def angle(hits: float, n: float) -> float:
    """A share on the scale where chance moves it by 1/√n."""
    return 2 * math.asin(math.sqrt((hits + 3 / 8) / (n + 3 / 4)))


def spread(values: Sequence[float]) -> float:
    """The median absolute deviation, as a standard deviation."""
    middle = median(values)
    return NORMAL * median(abs(value - middle) for value in values)


def furthest_run(days: Counts, former: Sequence[Counts], weights: Sequence[float]) -> Run | None:
    """The run of days that is furthest from the usual, if it is far out and not tiny.

    `days` are this week's counts (None: not measured), `former` those of the weeks before,
    `weights` the share of a usual week that falls on each of its days. Every run of days in a row
    is tried.
    """
    weeks = [week for week in former if is_enough(week)]
    if len(weeks) < FEWEST_WEEKS:
        return None
    usual = _usual(weeks, weights)
    runs = [
        run
        for start in range(len(days))
        for end in range(start + 1, len(days) + 1)
        if (run := _run(days[start:end], start, weights[start:end], usual))
    ]
    far = [run for run in runs if abs(run.count - run.usual) >= FEWEST_TICKETS]
    found = max(far, key=lambda run: abs(run.distance), default=None)
    return found if found and abs(found.distance) >= PERHAPS else None


@dataclass(frozen=True)
class _Usual:
    """A week's count, how many weeks say so, and how far its days stray (1: as by chance)."""

    week: float
    weeks: int
    unsteady: float


def _usual(weeks: Sequence[Counts], weights: Sequence[float]) -> _Usual:
    level = usual_week(weeks, weights)
    strays = [
        abs(steadied(count) - steadied(level * weight))
        for week in weeks
        for weight, count in zip(weights, week, strict=True)
        if count is not None
    ]
    return _Usual(level, len(weeks), max(1.0, NORMAL * median(strays)))


def _run(days: Counts, start: int, weights: Sequence[float], usual: _Usual) -> Run | None:
    counts = [count for count in days if count is not None]
    if len(counts) < len(days):
        return None
    weight = sum(weights)
    expected = usual.week * weight
    scale = usual.unsteady * math.sqrt(1 + OF_A_MEDIAN * weight / usual.weeks)
    distance = (steadied(sum(counts)) - steadied(expected)) / scale
    return Run(start, len(counts), sum(counts), expected, distance)


def is_enough(week: Counts) -> bool:
    """Whether so much of a week is measured that it may say what is usual."""
    return sum(count is not None for count in week) >= FEWEST_DAYS


def usual_week(weeks: Sequence[Counts], weights: Sequence[float]) -> float:
    """The median of weeks' counts, each as if all its days were measured."""
    return median(
        sum(filter(None, week))
        / sum(w for w, n in zip(weights, week, strict=True) if n is not None)
        for week in weeks
    )


def day_weights(former: Sequence[Counts]) -> list[float]:
    """The share of a usual week on each of its days, from all that a desk counted before."""
    means = []
    for day in zip(*former, strict=True):
        counts = [count for count in day if count is not None]
        means.append((1 + sum(counts)) / (1 + len(counts)))
    return [mean / sum(means) for mean in means]


def changed_share(hits: int, n: int, former: Sequence[tuple[int, int]]) -> Share | None:
    """This week's share if it is far from the median of former weeks' shares, each (hits, n)."""
    weeks = [(k, m) for k, m in former if m >= FEWEST_TICKETS]
    total = sum(m for _, m in weeks)
    if n < FEWEST_JUDGED or len(weeks) < FEWEST_WEEKS or total < FEWEST_JUDGED:
        return None
    angles = [angle(k, m) for k, m in weeks]
    usual = median(angles)
    steps = [(one - usual) * math.sqrt(m) for one, (_, m) in zip(angles, weeks, strict=True)]
    unsteady = max(1.0, NORMAL * median(map(abs, steps)))
    scale = unsteady * math.sqrt(1 / n + OF_A_MEDIAN / total)
    share = median(k / m for k, m in weeks)
    found = Share(hits, n, share, (angle(hits, n) - usual) / scale)
    return _if_far(found, FEWEST_POINTS)


def unlike_peers(hits: int, n: int, peers: Sequence[tuple[int, int]]) -> Share | None:
    """A share if it is far from the median of its peers' shares, each (hits, n)."""
    enough = [(k, m) for k, m in peers if m >= FEWEST_JUDGED]
    if n < FEWEST_JUDGED or len(enough) < FEWEST_PEERS:
        return None
    angles = [angle(k, m) for k, m in enough]
    usual = median(angles)
    scale = math.hypot(1 / math.sqrt(n), spread(angles))
    share = median(k / m for k, m in enough)
    found = Share(hits, n, share, (angle(hits, n) - usual) / scale)
    return _if_far(found, PEER_POINTS)


def _if_far(found: Share, points: float) -> Share | None:
    far = abs(found.distance) >= PERHAPS and abs(found.value - found.usual) >= points
    return found if far else None
