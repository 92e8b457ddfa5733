"""Charts with their words and tables, made of figures by week."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import TypeVar

from tasks.reporting import charts
from tasks.reporting.period import Period
from tasks.reporting.records import Chart, Table
from tasks.reporting.weekly import Values, usual
from tasks.reporting.words import NONE, Kind, counted, day, days, listed, told

Pairs = Mapping[int, tuple[float, float]]
T = TypeVar("T")
LEAST = {Kind.SHARE: 0.1, Kind.SCORE: 0.2, Kind.MARK: 10.0}  # that an axis spans
MARKED = "Bar: this week. Mark across it: usual."


def week_labels(period: Period) -> dict[int, str]:
    """Each week's days, short, in two lines; the earliest week first."""
    return {week: _short(period.days_of(week)) for week in period.weeks}


def week_name(period: Period, week: int) -> str:
    """A week's days in full, for tables."""
    first, *_, last = period.days_of(week)
    return f"{days(first, last)}{' (this week)' if week == 0 else ''}"


def _short(week: Sequence[date]) -> str:
    first, last = week[0], week[-1]
    if first.month == last.month:
        return f"{first.day}–{last.day}|{last:%b}"
    return f"{first.day} {first:%b}|–{last.day} {last:%b}"


def days_chart(
    key: str, title: str, series: Mapping[str, Mapping[date, int | None]], period: Period
) -> Chart:
    """Counts of every day, a line a series; days that are not measured are gaps."""
    first, last = period.days[0], period.days[-1]
    rows = [
        {"day": one.isoformat(), "series": name, "count": counts[one]}
        for name, counts in series.items()
        for one in period.every_day
    ]
    table = Table(
        title,
        ("day", *series),
        [
            (day(one), *(_count(counts[one]) for counts in series.values()))
            for one in period.every_day
            if period.is_measured(one)
        ],
    )
    told_of = [_days_in_words(name, counts, period) for name, counts in series.items()]
    alt = f"A line for each of {listed(list(series))}, day by day. {' '.join(told_of)}"
    spec = charts.daily_lines(rows, list(series), (first, last))
    return Chart(key, title, alt, spec, table)


def _count(count: int | None) -> str:
    return "not measured" if count is None else f"{count:,}"


def _days_in_words(name: str, counts: Mapping[date, int | None], period: Period) -> str:
    """The week's highest and lowest day."""
    known = {one: count for one in period.days if (count := counts[one]) is not None}
    if not known:
        return f"{name}: not measured this week."
    high, low = max(known, key=lambda one: known[one]), min(known, key=lambda one: known[one])
    return (
        f"{name}: this week between {known[low]:,} (on {day(low)})"
        f" and {known[high]:,} (on {day(high)})."
    )


def shares_chart(
    key: str, title: str, series: Mapping[str, Pairs], period: Period, *, of: str
) -> Chart:
    """Shares of every week, a line a series; the table says of how many each is."""
    labels = week_labels(period)
    values = {
        name: {week: hits / n for week, (hits, n) in pairs.items() if n}
        for name, pairs in series.items()
    }
    columns = ("week", *(f"{name} ({of})" for name in series))
    cells = [
        (week_name(period, week), *(_share_of(pairs.get(week)) for pairs in series.values()))
        for week in labels
    ]
    return _lines(key, title, values, period, Kind.SHARE, Table(title, columns, cells))


def _share_of(pair: tuple[float, float] | None) -> str:
    if pair is None or not pair[1]:
        return NONE
    return f"{told(Kind.SHARE, pair[0] / pair[1])} of {pair[1]:,.0f}"


def values_chart(
    key: str, title: str, series: Mapping[str, Values], period: Period, kind: Kind
) -> Chart:
    """Figures of every week, a line a series."""
    cells = [
        (week_name(period, week), *(told(kind, values.get(week)) for values in series.values()))
        for week in period.weeks
    ]
    return _lines(key, title, series, period, kind, Table(title, ("week", *series), cells))


def _lines(
    key: str, title: str, series: Mapping[str, Values], period: Period, kind: Kind, table: Table
) -> Chart:
    labels = week_labels(period)
    rows = [
        {"week": label, "series": name, "value": values.get(week), "told": told(kind, value)}
        for name, values in series.items()
        for week, label in labels.items()
        if (value := values.get(week)) is not None
    ]
    said = [
        f"{name}: {told(kind, values.get(0))} this week, {told(kind, usual(values, period))} usual."
        for name, values in series.items()
    ]
    spec = charts.weekly_lines(
        rows, list(labels.values()), list(series), share=kind is Kind.SHARE, least=LEAST[kind]
    )
    return Chart(key, title, f"A line over {len(labels)} weeks. {' '.join(said)}", spec, table)


def usual_chart(
    key: str,
    title: str,
    figures: Mapping[str, tuple[float | None, float | None, str]],
    kind: Kind,
) -> Chart:
    """This week's figure of each name as a bar, and a mark at the usual: (now, usual, of what)."""
    known = {name: one for name, one in figures.items() if one[0] is not None}
    rows = [
        {
            "name": name,
            "value": now,
            "usual": typical,
            "label_at": max(now or 0, typical or 0),
            "told": f"{told(kind, now)}{of and ' '}{of}",
            "usual_told": told(kind, typical),
        }
        for name, (now, typical, of) in known.items()
    ]
    cells = [
        (name, f"{told(kind, now)}{of and ' '}{of}", told(kind, typical))
        for name, (now, typical, of) in figures.items()
    ]
    said = [
        f"{name}: {told(kind, now)}, usual {told(kind, then)}"
        for name, (now, then, _) in known.items()
    ]
    share = kind is Kind.SHARE
    spec = charts.beside_usual(rows, list(known), share=share, highest=1.0 if share else None)
    alt = f"A bar for each of {counted(len(known), 'row')}. {'; '.join(said)}."
    table = Table(title, ("what", "this week", "usual"), cells)
    return Chart(key, title, alt, spec, table, MARKED)


def parts_chart(
    key: str,
    title: str,
    parts: Mapping[str, Mapping[int, float]],
    period: Period,
    *,
    share: bool,
    colours: Sequence[str] = charts.SERIES,
) -> Chart:
    """A bar a week, of parts from the bottom up."""
    labels = {week: label for week, label in week_labels(period).items() if _total(parts, week)}
    rows = [
        {"week": label, "series": name, "value": counts.get(week, 0), "order": order}
        for order, (name, counts) in enumerate(parts.items())
        for week, label in labels.items()
    ]
    form = _part_of if share else _number
    cells = [
        (week_name(period, week), *(form(counts.get(week, 0), total) for counts in parts.values()))
        for week in labels
        if (total := _total(parts, week))
    ]
    now = [f"{name} {form(counts.get(0, 0), _total(parts, 0))}" for name, counts in parts.items()]
    told_now = listed(now) if _total(parts, 0) else NONE
    spec = charts.stacked(rows, list(labels.values()), list(parts), share=share, colours=colours)
    alt = f"A bar of {len(parts)} parts for each of {len(labels)} weeks. This week: {told_now}."
    return Chart(key, title, alt, spec, Table(title, ("week", *parts), cells))


def _total(parts: Mapping[str, Mapping[int, float]], week: int) -> float:
    return sum(counts.get(week, 0) for counts in parts.values())


def _number(count: float, _total: float) -> str:
    return f"{count:,.0f}"


def _part_of(count: float, total: float) -> str:
    return f"{told(Kind.SHARE, count / total)} ({count:,.0f})" if total else NONE


def by_name(rows: Iterable[T], name: Callable[[T], str]) -> list[str]:
    """The names that rows have, in the order of the alphabet, `other` and `none` last."""
    found = {name(row) for row in rows}
    return sorted(found, key=lambda one: (one in ("other", "none"), one.lower()))
