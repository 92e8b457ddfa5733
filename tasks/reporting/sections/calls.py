"""Calls that came in: who was answered, how soon, and who gave up."""

from collections.abc import Callable, Mapping, Sequence

from tasks.reporting.drawn import parts_chart, shares_chart
from tasks.reporting.period import Period
from tasks.reporting.records import Chart, Figure, Material, Section
from tasks.reporting.weekly import figure, per_day, shares, whole_weeks
from tasks.reporting.words import Kind
from warehouse.report_rows import Calls

KEY, INBOUND = "calls", "inbound"
NOTE = (
    "In time: within the target of the line, 20 seconds by default. Waiting is of answered calls,"
    " handling is talk, hold and wrap-up."
)
Sums = Mapping[int, tuple[float, float]]


def calls(material: Material, period: Period) -> Section:
    title = "Calls"
    inbound = [row for row in material.calls if row.direction == INBOUND]
    if not inbound:
        return Section(KEY, title, "No call came in in these weeks, or calls are not read.")
    figures = _figures(inbound, period)
    lead = (
        f"{figures[0].value} calls came in; {figures[1].value} of them were answered in time"
        f" ({figures[1].change})."
    )
    return Section(KEY, title, lead, figures, _charts(inbound, period), notes=[NOTE])


def _charts(inbound: Sequence[Calls], period: Period) -> list[Chart]:
    outcomes: dict[str, Callable[[Calls], int]] = {
        "answered": lambda row: row.answered,
        "voicemail": lambda row: row.voicemails,
        "given up in the queue": lambda row: row.abandoned_queue,
        "given up in the menu": lambda row: row.abandoned_ivr,
    }
    parts = {
        name: {week: n for week, (n, _) in _ratio(inbound, count, _offered, period).items()}
        for name, count in outcomes.items()
    }
    level = {"in time": _ratio(inbound, lambda row: row.within_target, _offered, period)}
    return [
        shares_chart("level", "Service level", level, period, of="of offered"),
        parts_chart("outcomes", "What became of calls", parts, period, share=False),
    ]


def _offered(row: Calls) -> float:
    return row.offered


def _figures(inbound: Sequence[Calls], period: Period) -> list[Figure]:
    def ratio(
        top: Callable[[Calls], float], under: Callable[[Calls], float]
    ) -> dict[int, float | None]:
        return shares(_ratio(inbound, top, under, period))

    offered = whole_weeks(per_day(inbound, lambda row: row.offered, period), period)
    level = ratio(lambda row: row.within_target, _offered)
    waited = ratio(lambda row: row.wait_seconds_sum, lambda row: row.answered)
    wait = {week: value or None for week, value in waited.items()}  # where no call's wait is known
    gone = ratio(lambda row: row.abandoned_queue, _offered)
    handling = ratio(
        lambda row: row.talk_seconds_sum + row.hold_seconds_sum + row.wrap_up_seconds_sum,
        lambda row: row.handled,
    )
    return [
        figure("Calls offered", Kind.COUNT, offered, period),
        figure("Service level", Kind.SHARE, level, period, better=True),
        figure("Average wait for an answer", Kind.SECONDS, wait, period, better=False),
        figure("Given up in the queue", Kind.SHARE, gone, period, better=False),
        figure("Average handling", Kind.SECONDS, handling, period),
    ]


def _ratio(
    rows: Sequence[Calls],
    top: Callable[[Calls], float],
    under: Callable[[Calls], float],
    period: Period,
) -> dict[int, tuple[float, float]]:
    """Both sums of each week."""
    found: dict[int, tuple[float, float]] = {}
    for row in rows:
        week = period.week_of(row.metric_day)
        above, below = found.get(week, (0.0, 0.0))
        found[week] = (above + top(row), below + under(row))
    return found
