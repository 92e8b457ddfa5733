"""The picture of growth: each stage's seconds as its data grows, on axes of equal factors.

Beside the line of a stage stand that of its limit, measured in the same run, and the line of linear
growth from the smallest size on: a stage that grows faster than its data rises above it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import altair as alt

from benchmarks.figures import Figure

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
# What each stage is held against, as the picture says it.
LIMITS = {
    "extract": "source: only fetched",
    "seal": "cipher: bare AES-GCM",
    "load": "warehouse: COPY alone",
    "transcribe": "the model alone",
    "embed": "the model alone",
    "score": "judging in memory",
    "metrics": "Postgres at work",
    "search": "comparing in memory",
    "retention": "deleting files",
}
SERIES = ("measured", "its limit", "linear growth")
COLOURS, DASHES = ("#1f5fa8", "#c2571a", "#8a8f98"), ([1, 0], [5, 3], [2, 2])


def draw(size: str, figures: Sequence[Figure]) -> None:
    """Writes growth-<size>.svg and .png, twice its size for screens of today."""
    chart = _chart(list(_rows(figures)))
    chart.save(str(PICTURES / f"growth-{size}.svg"))
    chart.save(str(PICTURES / f"growth-{size}.png"), scale_factor=2)


def _rows(figures: Sequence[Figure]) -> Iterator[dict[str, object]]:
    """A row for each point of each line."""
    grown = [one for one in figures if one.times is not None]
    first = {one.what: one for one in reversed(grown)}  # the smallest, which comes first
    for one in grown:
        least = first[one.what]
        linear = least.value * (one.times or 1) / (least.times or 1)
        for series, seconds in zip(SERIES, (one.value, one.beside, linear), strict=True):
            panel = f"{one.what} — {LIMITS[one.what]}"
            yield {"panel": panel, "times": one.times, "series": series, "seconds": seconds}


def _chart(rows: list[dict[str, object]]) -> Any:
    panels = list(dict.fromkeys(row["panel"] for row in rows))
    times = sorted({row["times"] for row in rows})  # type: ignore[type-var]
    colours = alt.Scale(domain=SERIES, range=COLOURS)
    dashes = alt.Scale(domain=SERIES, range=DASHES)
    x = alt.X(
        "times:Q",
        title="times the data",
        scale=alt.Scale(type="log", base=2),
        axis=alt.Axis(values=times, grid=False),
    )
    y = alt.Y("seconds:Q", title="seconds", scale=alt.Scale(type="log"), axis=alt.Axis(tickCount=4))
    lines = (
        alt.Chart()
        .mark_line(point={"size": 28})
        .encode(
            x=x,
            y=y,
            color=alt.Color("series:N", title=None, scale=colours),
            strokeDash=alt.StrokeDash("series:N", title=None, scale=dashes),
        )
    )
    panel = alt.Facet("panel:N", title=None, sort=panels, header=alt.Header(labelFontSize=12))
    return (
        alt.layer(lines, data=alt.Data(values=rows))
        .properties(width=230, height=150)
        .facet(facet=panel, columns=3)
        .resolve_scale(y="independent")
        .configure_legend(orient="bottom")
    )
