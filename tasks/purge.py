"""Purging: metric days sealed first, then everything that is past its clock deleted."""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from tasks.progress import report
from tasks.resources import Resources, opened, opened_engine
from tasks.settings import load_settings
from tasks.step import step
from warehouse import audit, retention
from warehouse.ledger import exclusive
from warehouse.retention import Clock


@step
def purge_organization(slug: str, as_of: datetime, dry_run: bool) -> str:
    """Deletes what is past this organization's clock; a receipt of counts."""
    with opened(slug) as resources:
        at = _clock(resources, as_of)
        if dry_run:
            with resources.session() as connection:
                return _receipt(slug, at, "would delete", retention.count_past(connection, at))
        with exclusive(resources.engine, resources.organization):
            return _receipt(slug, at, "deleted", _purge(resources, at))


@step
def drop_past_days(as_of: datetime) -> str:
    """Drops the daily partitions that are past every organization's clock."""
    with opened_engine(load_settings()) as engine:
        dropped = retention.drop_partitions(engine, as_of)
    return f"{len(dropped)} daily partitions dropped"


def _clock(resources: Resources, as_of: datetime) -> Clock:
    """The clock, held back to the first day that is not measured: no ticket goes before that."""
    organization = resources.organization
    at = retention.clock(organization, as_of)
    with resources.session() as connection:
        measured = retention.measured_through(connection)
    zone = ZoneInfo(organization.timezone)
    through = (measured or datetime.min.replace(tzinfo=zone, year=1970)).astimezone(zone).date()
    day = min(at.first_kept_day, through)
    return replace(
        at,
        first_kept_day=day,
        first_kept_at=datetime(day.year, day.month, day.day, tzinfo=zone),
    )


def _purge(resources: Resources, at: Clock) -> Counter[str]:
    engine, org_id = resources.engine, resources.organization.org_id
    deleted: Counter[str] = Counter()
    with resources.session() as connection:
        deleted["metric days sealed"] = retention.seal_days(
            connection, org_id, before=at.first_kept_day
        )
    for work in (retention.purge_content, retention.purge_tickets, retention.purge_rest):
        for name, count in work(engine, org_id, at):
            deleted[name] += count
            report("retention", deleted.total(), note=name)
    with resources.session() as connection:
        audit.record(
            connection,
            org_id,
            actor=resources.settings.actor,
            action="retention.purge",
            purpose="the organization's retention clock",
            details={"cutoff": at.cutoff.isoformat(), **deleted},
        )
    return deleted


def _receipt(slug: str, at: Clock, verb: str, counts: dict[str, int]) -> str:
    parts = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()) if count)
    return f"{slug}, before {at.cutoff:%Y-%m-%d %H:%M} UTC: {verb} {parts or 'nothing'}"
