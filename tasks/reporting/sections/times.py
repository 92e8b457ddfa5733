"""How long customers waited: first reply and resolution, on the calendar and in opening hours."""

from collections.abc import Sequence

from tasks.reporting import charts
from tasks.reporting.drawn import week_labels, week_name
from tasks.reporting.period import Period
from tasks.reporting.records import Chart, Material, Section, Table
from tasks.reporting.weekly import figure
from tasks.reporting.words import NONE, Kind, told
from warehouse.report_rows import Duration

KEY, TITLE = "times", "First reply and resolution"
CLOCKS = {"calendar": "calendar", "business_last": "business hours"}
METRICS = {"first_reply": "First reply", "full_resolution": "Full resolution"}
HOUR = 60
HINT = "Point: half took no longer. Line's end: nine in ten took no longer."


def times(material: Material, period: Period) -> Section:
    rows = [one for one in material.durations if one.group_name is None and one.clock in CLOCKS]
    if not rows:
        return Section(KEY, TITLE, "No reply and no resolution is measured in these weeks.")
    figures = [
        figure(
            f"{METRICS[metric]}, {name}",
            Kind.MINUTES,
            {one.week: getattr(one, part) for one in _of(rows, metric, "calendar")},
            period,
            better=False,
        )
        for metric in METRICS
        for part, name in (("median", "median"), ("p90", "90th percentile"))
    ]
    drawn = [_chart(metric, rows, period) for metric in METRICS if _of(rows, metric)]
    lead = (
        f"Half of the first replies came within {figures[0].value}, nine in ten within"
        f" {figures[1].value}; half of the tickets solved were solved within {figures[2].value}."
        if figures[0].value != NONE
        else "No first reply is measured this week."
    )
    return Section(KEY, TITLE, lead, figures, drawn, notes=_notes(rows))


def _notes(rows: Sequence[Duration]) -> list[str]:
    notes = [
        "Percentiles are of sums of histograms whose buckets grow by 9%: they are right to 9%.",
    ]
    if not any(one.clock == "business_last" for one in rows):
        notes.append("No business hours: no schedule of the account is known.")
    return notes


def _of(rows: Sequence[Duration], metric: str, clock: str | None = None) -> list[Duration]:
    return [one for one in rows if one.metric == metric and clock in (None, one.clock)]


def _chart(metric: str, rows: Sequence[Duration], period: Period) -> Chart:
    labels = week_labels(period)
    mine = [one for one in _of(rows, metric) if one.week in labels]
    points = [
        {
            "week": labels[one.week],
            "series": CLOCKS[one.clock],
            "median": (one.median or 0) / HOUR,
            "p90": (one.p90 or 0) / HOUR,
            "median_told": told(Kind.MINUTES, one.median),
            "p90_told": told(Kind.MINUTES, one.p90),
        }
        for one in mine
    ]
    title = f"{METRICS[metric]}: median and 90th percentile"
    found = {(one.week, one.clock): one for one in mine}
    names = [name for clock, name in CLOCKS.items() if any(one.clock == clock for one in mine)]
    spec = charts.ranges(points, list(labels.values()), names)
    alt = f"A span from median to 90th percentile for each week. {_this_week(mine)}"
    return Chart(metric, title, alt, spec, _table(title, found, period), HINT)


def _this_week(rows: Sequence[Duration]) -> str:
    told_of = [
        f"{CLOCKS[one.clock]}: median {told(Kind.MINUTES, one.median)},"
        f" 90th percentile {told(Kind.MINUTES, one.p90)}, of {one.n:,}"
        for one in rows
        if one.week == 0
    ]
    return f"This week {'; '.join(told_of) or NONE}."


def _table(title: str, found: dict[tuple[int, str], Duration], period: Period) -> Table:
    columns = [
        "week",
        *(f"{name}, {part}" for name in CLOCKS.values() for part in ("median", "90th percentile")),
        "of",
    ]
    cells = []
    for week in period.weeks:
        row = [week_name(period, week)]
        for clock in CLOCKS:
            one = found.get((week, clock))
            row += [told(Kind.MINUTES, one.median if one else None)]
            row += [told(Kind.MINUTES, one.p90 if one else None)]
        counted = found.get((week, "calendar"))
        cells.append([*row, f"{counted.n:,}" if counted else NONE])
    return Table(title, columns, cells)
