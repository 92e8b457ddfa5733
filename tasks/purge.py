"""Purging: metric days sealed first, then everything that is past its clock deleted."""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from tasks.progress import report
from tasks.recording_ends import (
    DONE,
    count_upstream,
    delete_upstream,
    sweep_ended,
    sweep_objects,
)
from tasks.resources import Resources, opened, opened_engine
from tasks.settings import load_settings
from tasks.step import step
from warehouse import retention
from warehouse.agents import purge_figures
from warehouse.ledger import exclusive
from warehouse.publishing import published_as_of
from warehouse.retention import Clock
from warehouse.sessions import directory


@step
def purge_organization(slug: str, as_of: datetime, dry_run: bool) -> str:
    """Deletes what is past this organization's clock; a receipt of counts."""
    with opened(slug) as resources:
        at = _clock(resources, as_of)
        if dry_run:
            return _receipt(slug, at, "would delete", _count(resources, at))
        with exclusive(resources.engine, resources.organization):
            upstream, why = delete_upstream(resources, at.cutoff)
            deleted = _purge(resources, at, as_of) + upstream
            # last: what is past its clock in the warehouse goes even while the store is away
            deleted["recordings in their store"] = sweep_objects(resources, cutoff=at.cutoff)
            return _receipt(slug, at, "deleted", deleted) + (f" ({why})" if why else "")


@step
def drop_past_days(as_of: datetime) -> str:
    """Drops the daily partitions past every organization's clock, and what objects stood beside."""
    with opened_engine(load_settings()) as engine:
        dropped = retention.drop_partitions(engine, as_of)
        slugs = [organization.slug for organization in directory(engine)]
    swept = sum(sweep_ended(slug, as_of) for slug in slugs)
    told = f", {swept} recordings in their store" if swept else ""
    return f"{len(dropped)} daily partitions dropped{told}"


def _clock(resources: Resources, as_of: datetime) -> Clock:
    """The clock, held back to the first day that is not measured: no ticket goes before that."""
    organization = resources.organization
    at = retention.clock(organization, as_of)
    with resources.session() as connection:
        measured = published_as_of(connection)
    zone = ZoneInfo(organization.timezone)
    through = (measured or datetime.min.replace(tzinfo=zone, year=1970)).astimezone(zone).date()
    day = min(at.first_kept_day, through)
    return replace(
        at,
        first_kept_day=day,
        first_kept_at=datetime(day.year, day.month, day.day, tzinfo=zone),
    )


def _count(resources: Resources, at: Clock) -> dict[str, int]:
    """What a purge would delete."""
    with resources.session() as connection:
        counts = retention.count_past(connection, at)
    return counts | {DONE: count_upstream(resources, at.cutoff)}


def _purge(resources: Resources, at: Clock, as_of: datetime) -> Counter[str]:
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
        deleted["figures of agents"] = purge_figures(connection, as_of)
        resources.audit(
            connection,
            action="retention.purge",
            purpose="the organization's retention clock",
            details={"cutoff": at.cutoff.isoformat(), **deleted},
        )
    return deleted


def _receipt(slug: str, at: Clock, verb: str, counts: dict[str, int]) -> str:
    parts = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()) if count)
    return f"{slug}, before {at.cutoff:%Y-%m-%d %H:%M} UTC: {verb} {parts or 'nothing'}"
