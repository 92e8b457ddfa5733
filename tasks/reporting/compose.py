"""A report from its rows: sections, the figures of its head, and what stands out."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from tasks.reporting.findings import find, stale
from tasks.reporting.period import Period
from tasks.reporting.records import Figure, Material, Report, Section
from tasks.reporting.sections.calls import calls
from tasks.reporting.sections.data import coverage, escalations, freshness, parity
from tasks.reporting.sections.judged import quality, sentiment, sop
from tasks.reporting.sections.promises import csat, sla
from tasks.reporting.sections.times import times
from tasks.reporting.sections.volume import volume
from tasks.reporting.words import NONE, counted, day

# The figures of the head, by section: places in the section's own list.
HEAD = {
    "volume": (0, 1, 3),
    "times": (0, 2),
    "sla": (0,),
    "csat": (0,),
    "sentiment": (0,),
    "sop": (0,),
    "quality": (0,),
    "calls": (1,),
    "escalations": (0,),
}


def compose(
    material: Material, period: Period, *, organization: str, timezone: str, at: datetime
) -> Report:
    """One organization's week as of an instant."""
    sections = [
        volume(material, period),
        times(material, period),
        sla(material, period),
        csat(material, period),
        sentiment(material, period),
        sop(material, period),
        quality(material, period),
        calls(material, period),
        escalations(material, period),
        coverage(material, period),
        freshness(material, timezone),
        parity(material),
    ]
    local = at.astimezone(ZoneInfo(timezone))
    return Report(
        organization=organization,
        timezone=timezone,
        period=period,
        made_at=f"{day(local.date())} {local:%Y, %H:%M}",
        headline=_headline(sections),
        findings=[*find(material, period), *stale(material, at)],
        sections=sections,
        notes=_notes(period),
    )


def _headline(sections: Sequence[Section]) -> list[Figure]:
    """The figures that are known; what is not is said in its section."""
    found = {one.key: one.figures for one in sections}
    places = [(key, at) for key, some in HEAD.items() for at in some if found[key]]
    return [found[key][at] for key, at in places if found[key][at].value != NONE]


def _notes(period: Period) -> list[str]:
    weeks = len(period.former_enough)
    if weeks == 0:
        return ["There is no week before that is measured: nothing can be compared yet."]
    if weeks < 3:
        few = counted(weeks, "week")
        return [f"Only {few} before is measured: too little to say what is usual."]
    return [f"The usual is the median of the {counted(weeks, 'week')} before."]
