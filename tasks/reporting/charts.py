"""Charts as Vega-Lite specifications, without a colour of their own.

`var(--…)` stands for a colour of the page's or the picture's theme and is put in when it is drawn.
What a colour tells, a shape, a dash or a word tells too.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import altair as alt

from tasks.reporting.records import Spec

SERIES = ("var(--series-1)", "var(--series-2)", "var(--series-3)", "var(--series-4)")
AGES = tuple(f"var(--age-{at})" for at in range(1, 7))
USUAL = "var(--usual)"
INK = "var(--ink)"
BAND = "var(--band)"
SURFACE = "var(--surface)"
SHAPES = ("circle", "diamond", "square", "triangle-up")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 2, 2, 2])
HEIGHT, LANE, AXIS = 260, 32, 44
LONGEST_LABEL = 150
Row = Mapping[str, object]


def daily_lines(rows: Sequence[Row], names: Sequence[str], week: tuple[date, date]) -> Spec:
    """A line a series over days (`day`, `series`, `count`), the report's week on a band."""
    days = alt.X(
        "day:T",
        title=None,
        axis=alt.Axis(format="%-d %b", labelOverlap="greedy", tickCount=6, grid=False),
    )
    band = (
        alt.Chart({"values": [{"from": week[0].isoformat(), "to": f"{week[1]}T23:59"}]})
        .mark_rect(color=BAND)
        .encode(x=alt.X("from:T", title=None), x2="to:T")
    )
    lines = (
        alt.Chart({"values": list(rows)})
        .mark_line(strokeWidth=2, point={"size": 22, "filled": True})
        .encode(
            x=days, y=_count("count"), **_by_series(names), tooltip=_tooltip("day:T", "count:Q")
        )
    )
    return _spec(alt.LayerChart(layer=[band, lines]), HEIGHT)


def weekly_lines(
    rows: Sequence[Row], weeks: Sequence[str], names: Sequence[str], *, share: bool, least: float
) -> Spec:
    """A line a series over weeks (`week`, `series`, `value`, `told`), one alone with its values.

    The axis spans at least `least`: what hardly moves shall not look as if it did.
    """
    axis = alt.Axis(format="%", tickCount=5) if share else alt.Axis(tickCount=5)
    base = alt.Chart({"values": list(rows)}).encode(x=_weeks(weeks))
    scale = alt.Scale(domain=_span(rows, least, share=share), nice=not share)
    y = alt.Y("value:Q", title=None, axis=axis, scale=scale)
    lines = base.mark_line(strokeWidth=2, point={"size": 70, "filled": True}).encode(
        y=y, **_by_series(names), tooltip=_tooltip("week:N", "told:N")
    )
    layers = [lines]
    if len(names) == 1:
        words = base.mark_text(dy=-13, fontSize=12, color=INK).encode(y=y, text="told:N")
        layers.append(words)
    return _spec(alt.LayerChart(layer=layers), HEIGHT)


def _span(rows: Sequence[Row], least: float, *, share: bool) -> list[float]:
    """The values with room above and below them; of a share nothing beyond 0 and 1."""
    values = [one for row in rows if isinstance(one := row["value"], (int, float))] or [0.0]
    low, high = min(values), max(values)
    room = max(high - low, least) * 0.3 + max(least - (high - low), 0) / 2
    if not share:
        return [low - room, high + room]
    return [max(low - room, 0.0), min(high + room, 1.0 + room / 4)]


def ranges(rows: Sequence[Row], weeks: Sequence[str], names: Sequence[str]) -> Spec:
    """Median and 90th percentile of each week and series, in hours, with a line between."""
    base = alt.Chart({"values": list(rows)}).encode(
        x=_weeks(weeks),
        xOffset=alt.XOffset("series:N", sort=list(names)),
        tooltip=[
            alt.Tooltip("week:N", title="when"),
            alt.Tooltip("series:N", title="clock"),
            alt.Tooltip("median_told:N", title="median"),
            alt.Tooltip("p90_told:N", title="90th percentile"),
        ],
    )
    scale = alt.Scale(type="symlog", constant=1, nice=False, padding=12)
    axis = alt.Axis(values=[0, 1, 4, 8, 24, 72, 168, 336, 720], format=",d")
    y = alt.Y("median:Q", title="hours", scale=scale, axis=axis)
    colour = _colour(names)
    layers = [
        base.mark_rule(strokeWidth=2).encode(y=y, y2="p90:Q", color=colour),
        base.mark_point(size=90, filled=True, opacity=1).encode(
            y=y, color=colour, shape=_shape(names)
        ),
        base.mark_tick(thickness=3, width=16, opacity=1, orient="horizontal").encode(
            y=alt.Y("p90:Q", scale=scale), color=colour
        ),
    ]
    return _spec(alt.LayerChart(layer=layers), HEIGHT)


def beside_usual(
    rows: Sequence[Row], names: Sequence[str], *, share: bool, highest: float | None = None
) -> Spec:
    """A bar a name with this week's value, its words, and a mark where it usually is."""
    most = highest if highest is not None else _most(rows)
    scale = alt.Scale(domain=[0, most * 1.28 if most else 1])
    axis = alt.Axis(format="%" if share else ",d", tickCount=4, grid=True)
    base = alt.Chart({"values": list(rows)}).encode(
        y=alt.Y("name:N", sort=list(names), title=None, axis=_names()),
        tooltip=[
            alt.Tooltip("name:N", title="what"),
            alt.Tooltip("told:N", title="this week"),
            alt.Tooltip("usual_told:N", title="usual"),
        ],
    )
    if share:
        axis = alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1], grid=True)
    x = alt.X("value:Q", title=None, scale=scale, axis=axis)
    layers = [
        base.mark_bar(height=16, color=SERIES[0]).encode(x=x),
        base.transform_filter("datum.usual != null")
        .mark_tick(thickness=5, height=24, opacity=1, color=USUAL, stroke=SURFACE, strokeWidth=1)
        .encode(x=alt.X("usual:Q", scale=scale)),
        base.mark_text(align="left", dx=8, fontSize=12, color=INK).encode(
            x=alt.X("label_at:Q", scale=scale), text="told:N"
        ),
    ]
    return _spec(alt.LayerChart(layer=layers), LANE * max(len(names), 1) + AXIS)


def stacked(
    rows: Sequence[Row],
    weeks: Sequence[str],
    names: Sequence[str],
    *,
    share: bool,
    colours: Sequence[str] = SERIES,
) -> Spec:
    """A bar a week of parts in their order (`week`, `series`, `value`, `order`)."""
    axis = alt.Axis(format="%", tickCount=5) if share else alt.Axis(format=",d", tickCount=5)
    chart = (
        alt.Chart({"values": list(rows)})
        .mark_bar(stroke=SURFACE, strokeWidth=1.5)
        .encode(
            x=_weeks(weeks),
            y=alt.Y("value:Q", title=None, stack="normalize" if share else "zero", axis=axis),
            color=_colour(names, colours),
            order=alt.Order("order:Q"),
            tooltip=_tooltip("week:N", "value:Q"),
        )
    )
    return _spec(chart, HEIGHT)


def _most(rows: Sequence[Row]) -> float:
    numbers = [row.get(name) for row in rows for name in ("value", "usual")]
    return max((one for one in numbers if isinstance(one, (int, float))), default=1)


def _weeks(weeks: Sequence[str]) -> alt.X:
    axis = alt.Axis(labelAngle=0, ticks=False, grid=False, labelExpr="split(datum.label, '|')")
    return alt.X("week:N", sort=list(weeks), title=None, axis=axis)


def _count(name: str) -> alt.Y:
    return alt.Y(f"{name}:Q", title=None, axis=alt.Axis(format=",d", tickCount=5))


def _names() -> alt.Axis:
    return alt.Axis(ticks=False, domain=False, labelLimit=LONGEST_LABEL, labelPadding=6)


def _by_series(names: Sequence[str]) -> dict[str, Any]:
    """Colour, shape and dash of a series; one legend for all, or none for one."""
    if len(names) == 1:
        return {"color": alt.value(SERIES[0])}
    dash = alt.StrokeDash(
        "series:N", scale=alt.Scale(domain=list(names), range=list(DASHES[: len(names)]))
    )
    return {"color": _colour(names), "shape": _shape(names), "strokeDash": dash}


def _colour(names: Sequence[str], colours: Sequence[str] = SERIES) -> alt.Color:
    scale = alt.Scale(domain=list(names), range=list(colours[: len(names)]))
    return alt.Color("series:N", title=None, sort=list(names), scale=scale)


def _shape(names: Sequence[str]) -> alt.Shape:
    scale = alt.Scale(domain=list(names), range=list(SHAPES[: len(names)]))
    return alt.Shape("series:N", title=None, sort=list(names), scale=scale)


def _tooltip(at: str, value: str) -> list[alt.Tooltip]:
    when = (
        alt.Tooltip(at, title="when", format="%-d %B")
        if at.endswith("T")
        else alt.Tooltip(at, title="when")
    )
    return [when, alt.Tooltip("series:N", title="what"), alt.Tooltip(value, title="value")]


def _spec(chart: alt.Chart | alt.LayerChart, height: int) -> Spec:
    found: dict[str, Any] = chart.properties(width="container", height=height).to_dict()
    found.pop("config", None)  # the theme's, put in when it is drawn
    found.pop("$schema", None)
    return found
