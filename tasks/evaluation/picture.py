"""An evaluation as a picture: a panel a capability, a row a figure, a point a source."""

from collections.abc import Iterator, Mapping, Sequence

import altair as alt

from tasks.evaluation.goals import GOALS, LOWER_IS_BETTER
from tasks.evaluation.records import Measured
from tasks.evaluation.wording import CAPABILITIES, FIGURES, SOURCES
from warehouse.evaluations import Capability, Figure

# Okabe and Ito's colours, told apart by people of any colour vision; in print by their shapes.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
SHAPES = ("circle", "diamond", "square", "triangle-up")
INK, FAINT = "#333333", "#555555"
WIDTH, LANE, GAP, NAMES = 480, 17, 10, 150
Row = Mapping[str, object]


def draw(measured: Sequence[Measured], *, title: str, subtitle: str) -> bytes:
    """A PNG with a white background, for screens and for print."""
    panels = [
        _panel(name, mine)
        for name in CAPABILITIES
        if (mine := [one for one in measured if one.capability == name and one.figures])
    ]
    heading = alt.TitleParams(
        title,
        subtitle=[subtitle, "bar: the goal on held-out text; ↓ less is better"],
        anchor="start",
        offset=14,
    )
    chart = (
        alt.vconcat(*panels, spacing=24)
        .resolve_scale(yOffset="independent")
        .properties(title=heading, background="white", padding=18)
        .configure_title(fontSize=18, subtitleFontSize=12, subtitleColor=FAINT)
        .configure_axis(labelFontSize=12, labelLimit=240, gridColor="#e6e6e6")
        .configure_legend(labelFontSize=12, titleFontSize=12, symbolSize=110)
        .configure_view(stroke=None)
    )
    return _png(chart)


def _panel(capability: Capability, measured: Sequence[Measured]) -> alt.LayerChart:
    """A lane for each source and version, the value beside its point, and a bar where a goal is."""
    versions = sorted({_version(one) for one in measured})
    rows = [row for one in measured for row in _rows(one, alone=len(versions) == 1)]
    names = [_name(one) for one in FIGURES if any(one in found.figures for found in measured)]
    lowest = min(value for one in measured for value in one.figures.values())
    scale = alt.Scale(domain=[0.0 if lowest >= 0 else -1.0, 1.0])
    axis = alt.Axis(ticks=False, grid=True, minExtent=NAMES)
    lanes = sorted({str(row["lane"]) for row in rows})
    base = alt.Chart({"values": rows}).encode(
        y=alt.Y("figure:N", sort=names, title=None, axis=axis), yOffset=alt.YOffset("lane:N")
    )
    layers = _layers(base, scale)
    heading = alt.TitleParams(
        CAPABILITIES[capability], subtitle=versions, anchor="start", fontSize=14
    )
    height = (LANE * len(lanes) + GAP) * len(names)
    return alt.LayerChart(layer=layers, width=WIDTH, height=height, title=heading)


def _layers(base: alt.Chart, scale: alt.Scale) -> list[alt.Chart]:
    """Goals, points, and their values beside them."""
    x = alt.X("value:Q", title=None, scale=scale)
    return [
        base.transform_filter("datum.goal != null")
        .mark_tick(thickness=3, size=18, color=INK)
        .encode(x=alt.X("goal:Q", title=None, scale=scale)),
        base.mark_point(size=90, filled=True, opacity=1.0).encode(x=x, **_by_source()),
        base.mark_text(dx=9, align="left", fontSize=11, color=INK).encode(x=x, text="told:N"),
    ]


def _rows(one: Measured, *, alone: bool) -> Iterator[Row]:
    for name, value in one.figures.items():
        yield {
            "figure": _name(name),
            "value": value,
            "told": f"{value:.2f}" if alone else f"{value:.2f}  {_version(one)}",
            "source": SOURCES[one.source],
            "lane": f"{list(SOURCES).index(one.source)} {_version(one)}",
            "goal": GOALS.get((one.capability, name)) if one.source == "held_out" else None,
        }


def _version(one: Measured) -> str:
    return f"{one.model} · {one.prompt_version}"


def _name(figure: Figure) -> str:
    return f"{FIGURES[figure]} ↓" if figure in LOWER_IS_BETTER else FIGURES[figure]


def _by_source() -> dict[str, alt.Color | alt.Shape]:
    """Colour and shape of a point; one legend for both."""
    sources = list(SOURCES.values())
    told = "measured by"
    return {
        "color": alt.Color(
            "source:N", title=told, scale=alt.Scale(domain=sources, range=list(COLOURS))
        ),
        "shape": alt.Shape(
            "source:N", title=told, scale=alt.Scale(domain=sources, range=list(SHAPES))
        ),
    }


def _png(chart: alt.VConcatChart) -> bytes:
    # imported where it is used: its engine takes a second to start
    import vl_convert

    found: bytes = vl_convert.vegalite_to_png(chart.to_json(), scale=2.0)
    return found
