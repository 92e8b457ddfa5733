"""Backfills: planned, estimated, and carried out day by day."""

from datetime import date, datetime
from uuid import UUID

from tasks import backfilling, estimating
from tasks.artifacts import show_table
from tasks.backfill_windows import clear_window, load_desk, load_window, seal_window
from tasks.backfilling import Asked, Plan
from tasks.errors import ConfigurationError
from tasks.estimating import Estimate
from tasks.extraction import extracting
from tasks.resources import opened
from tasks.step import step
from warehouse import backfills
from warehouse.backfills import Known, State, Window
from warehouse.ledger import StageResult
from warehouse.retention import first_measured_day


@step
def begin(asked: Asked, as_of: datetime) -> Plan:
    """The plan, noted: the same range asked for again goes on from where it was."""
    plan = backfilling.begin(asked, as_of)
    rows = [
        {"from": first, "to": last, "days": days, "what": what}
        for first, last, days, what in plan.told()
    ]
    show_table(f"backfill-{asked.slug}", rows, f"{asked.slug}: what is done with each day")
    return plan


@step
def estimate(plan: Plan, as_of: datetime, up_to_usd: float) -> Estimate:
    """What scoring takes, shown before anything is. Raises: as `check_budget`."""
    found = estimating.estimated(plan, as_of)
    told = {"tickets": found.tickets, "tokens in": found.input_tokens}
    told |= {"tokens out": found.output_tokens, "minutes of speech": found.audio_minutes}
    usd = "not known" if found.usd is None else f"{found.usd:.2f}"
    slug = plan.asked.slug
    show_table(f"estimate-{slug}", [{**told, "US dollars": usd}], f"{slug}: scoring takes about")
    estimating.check_budget(found, up_to_usd, slug)
    return found


@step
def judge(plan: Plan, window: Window, as_of: datetime) -> Window:
    """The window as it is to be done now, noted where that has changed."""
    with opened(plan.asked.slug) as resources, resources.session() as connection:
        known: Known = backfills.known(connection, first_measured_day(connection))
        now = backfilling.judged(window, known, resources.organization, as_of)
        if now != window:
            told = (_begun(plan), now.day, now.state)
            backfills.move(connection, *told, past_clock=now.past_clock)
        return now


@step
def published_as_of(slug: str) -> datetime:
    """The instant as of which the daily run has published: newer days stay as they are."""
    with opened(slug) as resources, resources.session() as connection:
        found = backfills.known(connection, None).published_as_of
    if found is None:
        raise ConfigurationError(f"nothing of {slug} is published yet")
    return found


@step
def load_staff(slug: str, as_of: datetime) -> StageResult:
    """Loads agents, groups, policies and hours, which have no days."""
    with extracting(slug, as_of, "backfill") as extraction:
        return load_desk(extraction)


@step
def load_day(slug: str, window: Window, as_of: datetime) -> StageResult:
    """Loads what happened on a day, or queues the tickets that it touched."""
    with extracting(slug, as_of, f"backfill {window.day}") as extraction:
        return load_window(extraction, window)


@step
def seal_measured(plan: Plan, window: Window) -> StageResult:
    """Makes a day's figures final, before what they were made of goes."""
    with opened(plan.asked.slug) as resources:
        return seal_window(resources, _begun(plan), window)


@step
def clear_past(slug: str, as_of: datetime) -> StageResult:
    """Deletes what is past the clock, and looks that nothing of it is left."""
    with opened(slug) as resources:
        return clear_window(resources, as_of)


@step
def note_day(plan: Plan, day: date, state: State) -> None:
    """Notes how far a day has come."""
    with opened(plan.asked.slug) as resources, resources.session() as connection:
        backfills.move(connection, _begun(plan), day, state)


def _begun(plan: Plan) -> UUID:
    if plan.backfill_id is None:
        raise ValueError("the plan has not begun")
    return plan.backfill_id
