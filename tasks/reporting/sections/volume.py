"""What came in, what was solved, and what is left."""

from collections.abc import Callable, Sequence

from tasks.reporting.charts import AGES
from tasks.reporting.drawn import by_name, days_chart, parts_chart, usual_chart
from tasks.reporting.period import Period
from tasks.reporting.records import Chart, Figure, Material, Section
from tasks.reporting.weekly import (
    counted_figure,
    figure,
    large_or_other,
    per_day,
    usual,
    whole_weeks,
)
from tasks.reporting.words import Kind, plain, several
from warehouse.report_rows import Backlog, Flow

KEY = "volume"
AGE_ORDER = (
    "under 1 day",
    "1 to 3 days",
    "3 to 7 days",
    "7 to 14 days",
    "14 to 30 days",
    "over 30 days",
)


def volume(material: Material, period: Period) -> Section:
    created = per_day(material.flow, lambda row: row.created, period)
    solved = per_day(material.flow, lambda row: row.first_solved, period)
    reopened = per_day(material.flow, lambda row: row.reopened, period)
    figures = [
        counted_figure("Tickets created", created, period),
        counted_figure("Tickets solved", solved, period, better=True),
        counted_figure("Tickets reopened", reopened, period, better=False),
        _backlog_figure(material.backlog, period),
    ]
    charts = [
        days_chart("flow", "Created and solved", {"created": created, "solved": solved}, period),
        _created_by("groups", "Created by group", material, period, lambda row: row.group_name),
        _created_by("channels", "Created by channel", material, period, _channel),
    ]
    notes = [f"Not measured: {several(period.missing)}."] if period.missing else []
    if material.backlog:
        charts.append(_backlog_chart(material.backlog, period))
    else:
        notes.append("The backlog is not measured yet.")
    lead = (
        f"Created: {figures[0].value}, {figures[0].change}."
        f" Solved for the first time: {figures[1].value}, {figures[1].change}."
    )
    return Section(KEY, "Volume and backlog", lead, figures, charts, notes=notes)


def _channel(row: Flow) -> str:
    return plain(row.channel)


def _created_by(
    key: str, title: str, material: Material, period: Period, name: Callable[[Flow], str]
) -> Chart:
    def this_week(row: Flow) -> int:
        return row.created if period.week_of(row.metric_day) == 0 else 0

    names = large_or_other(material.flow, name, this_week)
    figures = {}
    for one in by_name(names.values(), str):
        mine = [row for row in material.flow if names[name(row)] == one]
        values = whole_weeks(per_day(mine, lambda row: row.created, period), period)
        figures[one] = (values.get(0), usual(values, period), "")
    return usual_chart(key, title, figures, Kind.COUNT)


def _backlog_figure(rows: Sequence[Backlog], period: Period) -> Figure:
    """Tickets that were not solved at the end of each week's last day."""
    at_end: dict[int, float | None] = {}
    for week in period.weeks:
        end = period.days_of(week)[-1]
        found = [row.tickets for row in rows if row.metric_day == end]
        at_end[week] = sum(found) if found else None
    return figure("Not solved at the week's end", Kind.COUNT, at_end, period, better=False)


def _backlog_chart(rows: Sequence[Backlog], period: Period) -> Chart:
    ends = {period.days_of(week)[-1]: week for week in period.weeks}
    ages: dict[str, dict[int, float]] = {age: {} for age in AGE_ORDER}
    for row in rows:
        if row.metric_day in ends:
            counts = ages.setdefault(row.age_bucket, {})
            week = ends[row.metric_day]
            counts[week] = counts.get(week, 0) + row.tickets
    title = "Not solved at each week's end, by age"
    return parts_chart("backlog", title, ages, period, share=False, colours=AGES)
