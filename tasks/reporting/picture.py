"""The headline charts of a report as one picture, for a channel or a slide."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks.reporting.page import packaged, week_in_words
from tasks.reporting.records import Chart, Report

# The first four that a report has, in this order.
WANTED = ("flow", "groups", "first_reply", "sla-weeks", "csat-weeks", "steps", "level", "channels")
PANELS, WIDTH, TALLEST, WIDEST_LINE, TOLD = 4, 400, 230, 124, 3
APART = ("color", "shape", "strokeDash", "xOffset")
TOKEN = re.compile(r"var\((--[a-z0-9-]+)\)")
COLOUR = re.compile(r"(--[a-z0-9-]+):\s*(#[0-9a-f]{6});")


@dataclass(frozen=True)
class Picture:
    """A PNG and what it says, for those who do not see it."""

    png: bytes
    alt: str


def draw(report: Report) -> Picture:
    """The picture, light, at twice its size for screens of today."""
    import vl_convert  # its engine takes seconds to start

    charts = [one for section in report.sections for one in section.charts]
    by_key = {one.key: one for one in charts}
    shown = [by_key[key] for key in WANTED if key in by_key][:PANELS]
    spec = themed(_page(report, shown), light_theme())
    png: bytes = vl_convert.vegalite_to_png(spec, scale=2.0)
    told = [*_lines(report), *(f"{one.title}: {one.alt}" for one in shown)]
    return Picture(png, f"{report.organization}, {week_in_words(report)}. {' '.join(told)}")


def light_theme() -> dict[str, str]:
    """The page's own colours on white: those that its style sheet says first."""
    found: dict[str, str] = {}
    for name, colour in COLOUR.findall(packaged("page.css")):
        found.setdefault(name, colour)
    return found


def _lines(report: Report) -> list[str]:
    """What stands out, its first lines."""
    lines = [f"{one.title}. {one.words}" for one in report.findings if one.clear][:TOLD]
    return lines or ["Nothing stands out this week."]


def _page(report: Report, charts: list[Chart]) -> dict[str, Any]:
    rows = [charts[at : at + 2] for at in range(0, len(charts), 2)]
    lines = [part for line in _lines(report) for part in _wrapped(line)]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": {
            "text": f"{report.organization}, {week_in_words(report)}",
            "subtitle": lines,
            "anchor": "start",
            "offset": 18,
        },
        "vconcat": [{"hconcat": [_panel(one) for one in row], "spacing": 36} for row in rows],
        "spacing": 28,
        "datasets": {name: rows for one in charts for name, rows in one.spec["datasets"].items()},
        "resolve": {"scale": dict.fromkeys(APART, "independent")},
        "background": "var(--surface)",
        "padding": 24,
        "config": CONFIG,
    }


def _wrapped(line: str) -> list[str]:
    """A long line as several, broken between words."""
    lines = [""]
    for word in line.split():
        if len(lines[-1]) + len(word) > WIDEST_LINE:
            lines.append("   ")
        lines[-1] += f"{' ' if lines[-1].strip() else ''}{word}"
    return [f"• {lines[0]}", *lines[1:]]


def _panel(chart: Chart) -> dict[str, Any]:
    height = min(int(chart.spec["height"]), TALLEST)
    title = {"text": chart.title, "subtitle": chart.hint, "anchor": "start"}
    drawn = {key: part for key, part in chart.spec.items() if key != "datasets"}
    return {**drawn, "width": WIDTH, "height": height, "title": title}


def themed(told: Any, theme: Mapping[str, str]) -> Any:
    """The specification with colours in the places of their names."""
    if isinstance(told, Mapping):
        return {key: themed(value, theme) for key, value in told.items()}
    if isinstance(told, list):
        return [themed(value, theme) for value in told]
    return TOKEN.sub(lambda name: theme[name[1]], told) if isinstance(told, str) else told


CONFIG = {
    "view": {"stroke": None},
    "concat": {"spacing": 24},
    "title": {
        "fontSize": 15,
        "subtitleFontSize": 12,
        "subtitlePadding": 6,
        "color": "var(--ink)",
        "subtitleColor": "var(--ink)",
        "subtitleLineHeight": 17,
    },
    "axis": {
        "labelColor": "var(--ink)",
        "titleColor": "var(--faint)",
        "titleFontWeight": "normal",
        "labelFontSize": 12,
        "gridColor": "var(--line)",
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
    },
    "legend": {"orient": "bottom", "title": None, "labelFontSize": 12, "labelColor": "var(--ink)"},
}
