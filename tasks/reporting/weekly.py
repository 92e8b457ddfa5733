"""Rows as weeks: counts day by day, sums and shares week by week, and figures beside the usual."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from statistics import median
from typing import Protocol, TypeVar

from tasks.reporting.period import DAYS, WEEKS, Period
from tasks.reporting.records import Figure, Tone
from tasks.reporting.statistics import Counts, day_weights, is_enough, usual_week
from tasks.reporting.words import Kind, change, told


class Weekly(Protocol):
    @property
    def week(self) -> int: ...


class Daily(Protocol):
    @property
    def metric_day(self) -> date: ...


class Grouped(Weekly, Protocol):
    @property
    def group_name(self) -> str: ...


W = TypeVar("W", bound=Weekly)
D = TypeVar("D", bound=Daily)
T = TypeVar("T")
Names = Mapping[str, str]
FEWEST_PEOPLE = 5  # whose figures stand by themselves
Values = Mapping[int, float | None]  # by week; None or absent: there is none


def per_day(rows: Iterable[D], count: Callable[[D], int], period: Period) -> dict[date, int | None]:
    """A count of each day, 0 where nothing happened and None where nothing was measured."""
    found: dict[date, int | None] = {
        day: 0 if period.is_measured(day) else None for day in period.every_day
    }
    for row in rows:
        if found.get(row.metric_day) is not None:
            found[row.metric_day] = (found[row.metric_day] or 0) + count(row)
    return found


def weeks_of(counts: Mapping[date, int | None], period: Period) -> list[Counts]:
    """The days' counts as weeks; the first is the report's own."""
    return [[counts[day] for day in period.days_of(week)] for week in range(WEEKS)]


def at_least_few(count: int) -> str:
    """A count that tells of nobody: those of fewer than 5 people are not told apart."""
    return f"{count:,}" if count == 0 or count >= FEWEST_PEOPLE else f"Fewer than {FEWEST_PEOPLE}"


def per_week(rows: Iterable[W], count: Callable[[W], float]) -> dict[int, float]:
    """Sums of the weeks that have rows."""
    found: dict[int, float] = {}
    for row in rows:
        found[row.week] = found.get(row.week, 0) + count(row)
    return found


def pairs(rows: Iterable[W], pair: Callable[[W], tuple[int, int]]) -> dict[int, tuple[int, int]]:
    """(hits, of how many) of the weeks that have rows."""
    found: dict[int, tuple[int, int]] = {}
    for row in rows:
        hits, n = found.get(row.week, (0, 0))
        found[row.week] = (hits + pair(row)[0], n + pair(row)[1])
    return found


def shares(found: Mapping[int, tuple[float, float]], *, fewest: int = 1) -> dict[int, float | None]:
    """Hits by how many; a week of fewer than that has no share."""
    return {week: hits / n if n >= fewest else None for week, (hits, n) in found.items()}


def large_or_other(rows: Iterable[T], name: Callable[[T], str], size: Callable[[T], int]) -> Names:
    """What each name is told as: itself, or `other` where it is of fewer than 5 this week.

    `size` of a row of another week is 0. None at all tell of nobody: the name stays.
    """
    sizes: dict[str, int] = {}
    for row in rows:
        sizes[name(row)] = sizes.get(name(row), 0) + size(row)
    return {one: "other" if 0 < n < FEWEST_PEOPLE else one for one, n in sizes.items()}


def usual(values: Values, period: Period) -> float | None:
    """The median of the former weeks that are measured enough."""
    known = [value for week in period.former_enough if (value := values.get(week)) is not None]
    return median(known) if known else None


def whole_weeks(counts: Mapping[date, int | None], period: Period) -> dict[int, float | None]:
    """Each week's count; a former week that is measured in part counts as if it were whole."""
    this, *former = weeks_of(counts, period)
    weights = day_weights(former) if any(map(is_enough, former)) else [1 / DAYS] * DAYS
    values: dict[int, float | None] = {
        week: usual_week([days], weights) if is_enough(days) else None
        for week, days in enumerate(former, start=1)
    }
    known = [count for count in this if count is not None]
    values[0] = sum(known) if len(known) == DAYS else None
    return values


def counted_figure(
    name: str, counts: Mapping[date, int | None], period: Period, *, better: bool | None = None
) -> Figure:
    """A figure of counts by day. Of a week that is measured in part it says only the part."""
    known = [count for day in period.days if (count := counts[day]) is not None]
    note = ""
    if known and len(known) < DAYS:
        note = f"{sum(known):,} in the {len(known)} of 7 days that are measured"
    values = whole_weeks(counts, period)
    return figure(name, Kind.COUNT, values, period, better=better, note=note)


def figure(
    name: str,
    kind: Kind,
    values: Values,
    period: Period,
    *,
    better: bool | None = None,
    note: str = "",
) -> Figure:
    """A figure of the week. `better` says whether more of it is better, None that neither is."""
    now, before, typical = values.get(0), values.get(1), usual(values, period)
    than = typical if typical is not None else before
    rose = None if now is None or than is None or _same(kind, now, than) else now > than
    tone = Tone.NEITHER
    if rose is not None and better is not None:
        tone = Tone.BETTER if rose is better else Tone.WORSE
    return Figure(
        name=name,
        value=told(kind, now),
        before=told(kind, before),
        usual=told(kind, typical),
        change=_change(kind, now, than, "usual" if typical is not None else "the week before"),
        rose=rose,
        tone=tone,
        trend=[values.get(week) for week in reversed(range(WEEKS))],
        note=note,
    )


def _same(kind: Kind, one: float, other: float) -> bool:
    return told(kind, one) == told(kind, other)


def _change(kind: Kind, now: float | None, than: float | None, what: str) -> str:
    words = change(kind, now, than)
    if now is None:
        return "not known this week"
    if than is None:
        return words
    return f"the same as {what}" if words == "the same" else f"{words} than {what}"
