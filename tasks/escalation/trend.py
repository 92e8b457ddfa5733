"""The digest's picture: counts of the last five weeks, day by day, as a PNG for a telephone.

It holds counts of the whole organization and its name, nothing else: no group, so that there is no
small cell in it.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from tasks.escalation.anomalies import usual_count
from tasks.reporting.words import day as named_day

CREATED, SOLVED, WAITING = "created", "solved", "not solved yet"
WIDTH, HEIGHT, SCALE = 380, 190, 1.75  # of a panel, in points; pixels a point
WEEK = 7
ALT_CHARACTERS = 1_000


class Trend(msgspec.Struct, frozen=True):
    """Counts by what they are of, a number a day until `day`; None where nothing was measured."""

    organization: str
    day: date
    counts: dict[str, list[int | None]]

    @property
    def file_name(self) -> str:
        """By which the picture is known in its thread."""
        return f"trend-{self.day.isoformat()}.png"

    @property
    def title(self) -> str:
        return f"Five weeks until {named_day(self.day)}"


def as_trend(told: Mapping[str, Any]) -> Trend:
    """A trend as it is kept."""
    return msgspec.convert(told, Trend)


def alt_text(trend: Trend) -> str:
    """The picture's figures in words."""
    named = (CREATED, SOLVED, WAITING)
    figures = [_told(name, trend.counts[name]) for name in named if trend.counts.get(name)]
    return (
        f"{trend.organization}, lines over the five weeks until {trend.day}. "
        f"That day: {'; '.join(figures)}."
    )[:ALT_CHARACTERS]


def _told(name: str, counts: Sequence[int | None]) -> str:
    *history, today = counts
    count = "not measured" if today is None else f"{today:,}"
    if name == WAITING:
        before = history[-WEEK] if len(history) >= WEEK else None
        return f"{name} {count}" + (f", a week before {before:,}" if before is not None else "")
    usual = usual_count(history)
    return f"{name} {count}" + (f", usually {usual:,.0f}" if usual is not None else "")


def draw(trend: Trend) -> bytes:
    """The PNG, light, at nearly twice its size for screens of today."""
    import vl_convert  # its engine, and what makes charts, take seconds to start

    from tasks.reporting.picture import CONFIG, light_theme, themed

    panels = [("Tickets a day", [CREATED, SOLVED]), ("Tickets not solved yet", [WAITING])]
    drawn = [_panel(trend, title, names) for title, names in panels if _has(trend, names)]
    page = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": {
            "text": f"{trend.organization}, until {named_day(trend.day)}",
            "anchor": "start",
            "offset": 14,
        },
        "vconcat": [{key: part for key, part in one.items() if key != "datasets"} for one in drawn],
        "datasets": {name: rows for one in drawn for name, rows in one["datasets"].items()},
        "spacing": 22,
        "resolve": {"scale": dict.fromkeys(("color", "shape", "strokeDash"), "independent")},
        "background": "var(--surface)",
        "padding": 18,
        "config": CONFIG,
    }
    png: bytes = vl_convert.vegalite_to_png(themed(page, light_theme()), scale=SCALE)
    return png


def _has(trend: Trend, names: Sequence[str]) -> bool:
    return any(count is not None for name in names for count in trend.counts.get(name, ()))


def _panel(trend: Trend, title: str, names: Sequence[str]) -> dict[str, Any]:
    rows = [
        {"day": (trend.day - timedelta(days=ago)).isoformat(), "series": name, "count": count}
        for name in names
        for ago, count in enumerate(reversed(trend.counts.get(name, [])))
        if count is not None
    ]
    from tasks.reporting import charts

    spec = charts.daily_lines(rows, names, (trend.day, trend.day))
    return {**spec, "width": WIDTH, "height": HEIGHT, "title": {"text": title, "anchor": "start"}}
