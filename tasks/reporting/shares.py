"""The shares that are watched, each with its weeks and with what it may be compared."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeVar

from tasks.reporting.drawn import by_name
from tasks.reporting.records import Material
from tasks.reporting.sections import judged, promises
from tasks.reporting.sections import times as sections_times
from tasks.reporting.weekly import Grouped, pairs
from tasks.reporting.words import duration
from warehouse.report_rows import Duration

SLOW = 0.75  # the part of former weeks' cases that were sooner than what is called slow
BUCKETS_A_DOUBLING = 8
TARGETS = "{share} of {n} targets were met"
RATINGS = "{share} of {n} ratings were good"
TURNS = "{share} of {n} turns were negative"
OTHER = {"other", "none"}  # several groups, or nobody's: no peer of a group


G = TypeVar("G", bound=Grouped)


@dataclass(frozen=True)
class Watched:
    """A share by week, (hits, n), and how it is told: `words` has places for `share` and `n`."""

    title: str
    words: str
    section: str
    better: bool
    weekly: dict[int, tuple[int, int]]
    family: str = ""
    peers: str = ""
    more: str = "more"
    fewer: str = "fewer"

    @property
    def total(self) -> tuple[int, int]:
        """(hits, n) of all weeks."""
        return (
            sum(hits for hits, _ in self.weekly.values()),
            sum(n for _, n in self.weekly.values()),
        )


def watched(material: Material) -> Iterator[Watched]:
    """Every share, in all and group by group; a model's by its version of today alone."""
    met, good, negative = "SLA targets met", "Good ratings", "Negative turns of customers"
    yield from _grouped(material.sla, promises.met, met, TARGETS, promises.SLA)
    yield from _grouped(material.csat, promises.good, good, RATINGS, promises.CSAT)
    customers = judged.customers(material)
    yield from _grouped(customers, judged.negative, negative, TURNS, judged.SENTIMENT, better=False)
    yield from _steps(material)
    yield from _slow(material)


def _grouped(
    rows: Sequence[G],
    pair: Callable[[G], tuple[int, int]],
    title: str,
    words: str,
    section: str,
    *,
    better: bool = True,
) -> Iterator[Watched]:
    yield Watched(title, words, section, better, pairs(rows, pair))
    for group in by_name(rows, lambda row: row.group_name):
        mine = pairs([row for row in rows if row.group_name == group], pair)
        family = "" if group in OTHER else title
        in_group = f"{title} in {group}"
        yield Watched(in_group, words, section, better, mine, family, "the other groups")


def _steps(material: Material) -> Iterator[Watched]:
    """Each step of each procedure in each group: all are peers of each other."""
    rows = judged.steps(material)
    cells = dict.fromkeys((judged.step_name(row), row.group_name) for row in rows)
    for name, group in cells:
        mine = [row for row in rows if (judged.step_name(row), row.group_name) == (name, group)]
        yield Watched(
            title=f"{name}, in {group}",
            words="It was followed in {share} of {n} tickets",
            section=judged.SOP,
            better=True,
            weekly=pairs(mine, judged.followed),
            family="steps",
            peers="the other steps and groups",
            more="followed more often",
            fewer="followed less often",
        )


def _slow(material: Material) -> Iterator[Watched]:
    """Replies and resolutions that took longer than three in four used to, calendar time."""
    rows = [one for one in material.durations if one.clock == "calendar"]
    for metric, name in sections_times.METRICS.items():
        for group in dict.fromkeys(one.group_name for one in rows if one.metric == metric):
            mine = [one for one in rows if one.metric == metric and one.group_name == group]
            yield from _slower(mine, f"{name}{f' in {group}' if group else ''}")


def _slower(rows: Sequence[Duration], name: str) -> Iterator[Watched]:
    former = [one.histogram for one in rows if one.week > 0]
    bucket = slow_bucket(former)
    if bucket is None:
        return
    weekly = {one.week: (sum(one.histogram[bucket:]), sum(one.histogram)) for one in rows}
    limit = duration(2 ** ((bucket - 1) / BUCKETS_A_DOUBLING))
    yield Watched(
        title=f"{name}: slow ones",
        words=f"{{share}} of {{n}} took longer than {limit}",
        section=sections_times.KEY,
        better=False,
        weekly=weekly,
    )


def slow_bucket(histograms: Sequence[Sequence[int]]) -> int | None:
    """The last bucket (from 1) of what isn't slow: three in four cases lie in it or below."""
    length = max(map(len, histograms), default=0)
    summed = [sum(one[at] for one in histograms if at < len(one)) for at in range(length)]
    total = sum(summed)
    if not total:
        return None
    return next(at for at, below in enumerate(accumulate(summed), start=1) if below >= SLOW * total)
