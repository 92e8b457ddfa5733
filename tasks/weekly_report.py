"""The weekly report of an organization: read from the metric tables, composed, written to files."""

import os
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from tasks.errors import ConfigurationError
from tasks.reporting.compose import compose
from tasks.reporting.page import render
from tasks.reporting.period import Period, chosen_period
from tasks.reporting.picture import Picture, draw
from tasks.reporting.records import Material, Report
from tasks.resources import Resources
from warehouse import report_rows as rows
from warehouse import reporting

R = TypeVar("R")


def read_report(resources: Resources, *, as_of: datetime, week_of: date | None = None) -> Report:
    """The report of the last seven whole days, or of the week that a day lies in.

    Raises: ConfigurationError where nothing is measured yet, or the week is not over.
    """
    organization = resources.organization
    with resources.session() as connection:
        measured = reporting.measured_days(connection, organization.timezone, as_of)
        if measured.first is None or measured.last is None:
            raise ConfigurationError(
                f"nothing of {organization.slug} is measured yet;"
                f" `vensor run --org {organization.slug}` does it"
            )
        period = chosen_period(
            today=as_of.astimezone(ZoneInfo(organization.timezone)).date(),
            # before the first whole day there may be hours: its figures would be too low
            first=measured.first + timedelta(days=1),
            last=measured.last,
            week_of=week_of,
        )
        material = _material(connection, period, as_of)
    return compose(
        material, period, organization=organization.name, timezone=organization.timezone, at=as_of
    )


def _material(connection: Connection, period: Period, as_of: datetime) -> Material:
    since, until = period.since, period.until

    def sums(kind: type[R]) -> list[R]:
        read: Callable[..., list[R]] = reporting.sums
        return read(connection, kind, since=since, until=until)

    return Material(
        flow=sums(rows.Flow),
        backlog=sums(rows.Backlog),
        durations=reporting.durations(connection, since=since, until=until),
        sla=sums(rows.Sla),
        csat=sums(rows.Csat),
        sentiment=sums(rows.Sentiment),
        sop=sums(rows.Sop),
        quality=sums(rows.Quality),
        calls=sums(rows.Calls),
        escalations=sums(rows.Escalation),
        coverage=sums(rows.Coverage),
        freshness=reporting.freshness(connection, as_of=as_of),
        parity=reporting.parity(connection, since=since, until=until),
    )


def usual_place(resources: Resources, report: Report) -> Path:
    """Where a report lies that nobody named a place for."""
    folder = resources.settings.home / "reports" / resources.organization.slug
    for one in (folder.parent, folder):
        one.mkdir(exist_ok=True, mode=0o700)
    return folder / f"{report.period.until.isoformat()}.html"


def write_page(report: Report, path: Path) -> None:
    """Writes the page whole or not at all; only its owner may read it."""
    _write(path, render(report).encode())


def write_picture(report: Report, path: Path) -> Picture:
    """Writes the headline charts as a PNG, and gives them with their words."""
    picture = draw(report)
    _write(path, picture.png)
    return picture


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        part.replace(path)
    except OSError as error:
        raise ConfigurationError(f"cannot write {path} ({error.strerror})") from None
