"""Backfills planned: which days, what is done with each, and what cannot be asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby, takewhile
from uuid import UUID

from tasks.backfill_windows import first_event_at
from tasks.errors import ConfigurationError
from tasks.extraction import Extraction, extracting
from tasks.resources import Resources, opened
from tasks.stages import BackfillStage
from warehouse import backfills
from warehouse.backfills import ENDED, Known, Window
from warehouse.organizations import require_connection
from warehouse.retention import clock, day_in, first_measured_day, zone_of
from warehouse.sessions import Organization

MOST_DAYS = 731
# Days that are measured at once: few enough that Cancel and the daily run do not wait for long.
TOGETHER = 7
READ = (BackfillStage.EXTRACT, BackfillStage.CHECK, BackfillStage.MEASURE, BackfillStage.PUBLISH)
MODELS = (
    BackfillStage.TRANSCRIBE,
    BackfillStage.EMBED,
    BackfillStage.SCORE,
    BackfillStage.ASSESS,
)


@dataclass(frozen=True)
class Asked:
    """What a backfill is to do: days of the organization's time zone, the last one too."""

    slug: str
    from_day: date
    to_day: date
    stages: tuple[BackfillStage, ...]

    @property
    def named_stages(self) -> str:
        return ",".join(self.stages)


@dataclass(frozen=True)
class Plan:
    """The days of a backfill; with its id once it has begun."""

    asked: Asked
    windows: tuple[Window, ...]
    backfill_id: UUID | None = None

    @property
    def left(self) -> list[Window]:
        """The days that are still to be done."""
        return [one for one in self.windows if one.state not in ENDED]

    def told(self) -> list[tuple[str, str, int, str]]:
        """(first day, last day, days, what is done with them), stretch by stretch."""
        told = []
        for what, some in groupby(self.windows, _what):
            days = [one.day for one in some]
            told.append((days[0].isoformat(), days[-1].isoformat(), len(days), what))
        return told


def wanted(
    slug: str,
    from_day: str,
    to_day: str,
    stages: Sequence[BackfillStage] | None,
    *,
    score: bool,
) -> Asked:
    """What the form or the terminal asks for. Raises: ConfigurationError saying what is wrong."""
    first, last = _day(from_day, "from"), _day(to_day, "to")
    if last < first:
        raise ConfigurationError(f"the last day, {last}, lies before the first, {first}")
    days = (last - first).days + 1
    if days > MOST_DAYS:
        raise ConfigurationError(
            f"{days:,} days are more than {MOST_DAYS} at once: ask for a part of them"
        )
    chosen = set(stages if stages else READ) | (set(MODELS) if score else set())
    return Asked(slug, first, last, tuple(one for one in BackfillStage if one in chosen))


def look_ahead(asked: Asked, as_of: datetime) -> Plan:
    """The plan, of which nothing is noted yet.

    A backfill of the same days and stages that did not end is gone on with.

    Raises: ConfigurationError for days that cannot be had, and where nothing is connected.
    """
    with opened(asked.slug) as resources:
        _check_days(resources, asked, as_of)
        with extracting(asked.slug, as_of, "backfill") as extraction:
            _check_beginning(extraction, asked)
        with resources.session() as connection:
            found = backfills.find_open(
                connection, asked.from_day, asked.to_day, asked.named_stages
            )
            known = backfills.known(connection, first_measured_day(connection))
        _check_published(known, asked, resources.organization, as_of)
    begun = {one.day: one for one in found[1]} if found else {}
    windows = tuple(
        judged(begun.get(day, Window(day, past_clock=False)), known, resources.organization, as_of)
        for day in _days(asked)
    )
    past = any(one.past_clock and one.state != "kept" for one in windows)
    if past and not set(READ) <= set(asked.stages):
        raise ConfigurationError(
            f"days past the clock of {asked.slug} are done whole or not at all:"
            " leave the stages out"
        )
    return Plan(asked, windows, found[0] if found else None)


def begin(asked: Asked, as_of: datetime) -> Plan:
    """The plan, noted so that it is gone on with when it is stopped. Raises: as `look_ahead`."""
    plan = look_ahead(asked, as_of)
    if plan.backfill_id is not None:
        return plan
    with opened(asked.slug) as resources, resources.session() as connection:
        backfill_id = backfills.begin(
            connection,
            resources.organization.org_id,
            stages=asked.named_stages,
            asked_by=resources.settings.actor,
            planned=plan.windows,
        )
        for one in plan.windows:
            if one.state == "kept":
                backfills.move(connection, backfill_id, one.day, "kept")
        resources.audit(
            connection,
            action="backfill",
            purpose="asked for",
            details={
                "from": asked.from_day.isoformat(),
                "to": asked.to_day.isoformat(),
                "stages": asked.named_stages,
            },
        )
    return replace(plan, backfill_id=backfill_id)


def judged(window: Window, known: Known, organization: Organization, as_of: datetime) -> Window:
    """The window as it is to be done now: the clock has moved since it was planned.

    A day past the clock that a day's build measured is left: scores of it are gone by now.
    """
    if window.state != "pending":
        return window
    past = window.day <= clock(organization, as_of).first_kept_day
    measured = known.first_day is not None and known.first_day <= window.day
    kept = window.day in known.sealed or (past and measured)
    return replace(window, past_clock=past, state="kept" if kept else "pending")


def together(judged: Sequence[Window]) -> list[Window]:
    """The days to do next, as one: those inside the clock, up to a week of them, or else one.

    A day past the clock is ended before the next begins: no two days' old tickets are here at once.
    """
    inside = list(takewhile(_is_inside, judged[:TOGETHER]))
    return inside or list(judged[:1])


def _is_inside(window: Window) -> bool:
    return window.state == "pending" and not window.past_clock


def _what(window: Window) -> str:
    if window.state == "kept":
        return "measured and sealed: left as it is"
    if window.state == "done":
        return "done"
    if window.past_clock:
        return "past the clock: loaded without words, measured, sealed, deleted again; not scored"
    return "inside the clock: read again"


def _day(text: str, which: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"the {which} day {text!r} is no day such as 2026-03-01") from None


def _days(asked: Asked) -> Iterator[date]:
    for ahead in range((asked.to_day - asked.from_day).days + 1):
        yield asked.from_day + timedelta(days=ahead)


def _check_days(resources: Resources, asked: Asked, as_of: datetime) -> None:
    today = as_of.astimezone(zone_of(resources.organization)).date()
    if asked.to_day > today:
        raise ConfigurationError(
            f"{asked.to_day} lies in the future: it is {today} where {asked.slug} is"
        )
    with resources.session() as connection:
        require_connection(connection, resources.organization, "zendesk")


def _check_beginning(extraction: Extraction, asked: Asked) -> None:
    began_at = first_event_at(extraction)
    if began_at is None:
        return
    organization = extraction.resources.organization
    if day_in(organization, asked.from_day)[1] <= began_at:
        began = began_at.astimezone(zone_of(organization)).date()
        raise ConfigurationError(
            f"the first ticket of {asked.slug} is of {began}: begin there, not {asked.from_day}"
        )


def _check_published(
    known: Known, asked: Asked, organization: Organization, as_of: datetime
) -> None:
    """A backfill measures beside what the daily run has published, as of the same instant."""
    published = known.published_as_of
    if published is None:
        raise ConfigurationError(
            f"nothing of {asked.slug} is published yet: run `vensor run --org {asked.slug}` first"
        )
    if as_of < published:
        raise ConfigurationError(
            f"{asked.slug} is published as of {published:%Y-%m-%d %H:%M} UTC:"
            " a backfill cannot see the world as of before"
        )
    last = published.astimezone(zone_of(organization)).date()
    if asked.to_day > last:
        raise ConfigurationError(
            f"{asked.slug} is published up to {last}: later days are the daily run's"
        )
