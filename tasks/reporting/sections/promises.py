"""What was promised and how it was liked: service levels and customers' ratings."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from tasks.reporting.drawn import Pairs, by_name, shares_chart, usual_chart
from tasks.reporting.period import Period
from tasks.reporting.records import Chart, Material, Section
from tasks.reporting.weekly import (
    FEWEST_PEOPLE,
    Grouped,
    figure,
    large_or_other,
    pairs,
    per_week,
    shares,
    usual,
)
from tasks.reporting.words import Kind, plain, told
from warehouse.report_rows import Csat, Sla

SLA, CSAT = "sla", "csat"
G = TypeVar("G", bound=Grouped)
Weeks = dict[int, tuple[int, int]]


def met(row: Sla) -> tuple[int, int]:
    """(targets met, of those that ended in time or late)."""
    return row.achieved, row.achieved + row.breached


def good(row: Csat) -> tuple[int, int]:
    """(good ratings, of good and bad ones)."""
    return row.good, row.good + row.bad


def sla(material: Material, period: Period) -> Section:
    title = "Service levels"
    if not material.sla:
        return Section(SLA, title, "No SLA target was measured: no policy applied in these weeks.")
    every = pairs(material.sla, met)
    breached = per_week(material.sla, lambda row: row.breached)
    figures = [
        figure("SLA targets met", Kind.SHARE, shares(every), period, better=True),
        figure("SLA targets missed", Kind.COUNT, breached, period, better=False),
    ]
    lines = shares_chart("sla-weeks", "Targets met", {"targets met": every}, period, of="of ended")
    by_metric = {
        plain(name): pairs([row for row in material.sla if row.metric == name], met)
        for name in by_name(material.sla, lambda row: row.metric)
    }
    by_group = _by_group(material.sla, met)
    drawn = [
        lines,
        _beside("sla-metrics", "Targets met, by what they are of", by_metric, period),
        _beside("sla-groups", "Targets met, by group", by_group, period),
    ]
    exempt = per_week(material.sla, lambda row: row.exempt).get(0, 0)
    lead = f"{figures[0].value} of the targets that ended this week were met ({figures[0].change})."
    notes = [f"Exempt this week: {told(Kind.COUNT, exempt)}. They count neither way."]
    return Section(SLA, title, lead, figures, drawn, notes=notes)


def csat(material: Material, period: Period) -> Section:
    title = "Customers' ratings"
    if not any(row.responded for row in material.csat):
        return Section(CSAT, title, "Nobody has rated in these weeks, or ratings are not read.")
    every = pairs(material.csat, good)
    values = shares(every, fewest=FEWEST_PEOPLE)
    answered = pairs(material.csat, lambda row: (row.responded, row.offered))
    figures = [
        figure("CSAT: good of good and bad", Kind.SHARE, values, period, better=True),
        figure("Answered of asked", Kind.SHARE, shares(answered), period),
    ]
    by_group = _by_group(material.csat, good)
    drawn = [
        shares_chart("csat-weeks", "Good ratings", {"good": every}, period, of="of good and bad"),
        _beside("csat-groups", "Good ratings, by group", by_group, period),
    ]
    n = every.get(0, (0, 0))[1]
    lead = f"CSAT is {figures[0].value} of {n:,} ratings ({figures[0].change})."
    note = "Groups with fewer than 5 ratings this week are put together as “other”."
    return Section(CSAT, title, lead, figures, drawn, notes=[note])


def _by_group(rows: Sequence[G], pair: Callable[[G], tuple[int, int]]) -> dict[str, Weeks]:
    """Pairs of each group; groups with few cases this week are put together."""

    def this_week(row: G) -> int:
        return pair(row)[1] if row.week == 0 else 0

    names = large_or_other(rows, lambda row: row.group_name, this_week)
    return {
        name: pairs([row for row in rows if names[row.group_name] == name], pair)
        for name in by_name(names.values(), str)
    }


def _beside(key: str, title: str, series: Mapping[str, Pairs], period: Period) -> Chart:
    return usual_chart(key, title, beside(series, period), Kind.SHARE)


def beside(
    series: Mapping[str, Pairs], period: Period
) -> dict[str, tuple[float | None, float | None, str]]:
    """This week's share of each name, the usual one, and of how many."""
    found = {}
    for name, weekly in series.items():
        values = shares(weekly, fewest=FEWEST_PEOPLE)
        of = f"of {weekly[0][1]:,.0f}" if weekly.get(0, (0, 0))[1] else ""
        found[name] = (values.get(0), usual(values, period), of)
    return found
