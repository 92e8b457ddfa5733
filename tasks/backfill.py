"""Backfills: planned, estimated, and carried out days at a time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

from tasks import backfilling, estimating
from tasks.artifacts import show_page, show_table
from tasks.backfill_windows import (
    clear_window,
    load_desk,
    load_people,
    load_window,
    seal_window,
)
from tasks.backfilling import TOGETHER, Asked, Plan, judged, together
from tasks.errors import ConfigurationError
from tasks.estimating import Agreed
from tasks.extraction import extracting
from tasks.progress import report
from tasks.resources import opened
from tasks.side_by_side import side_by_side
from tasks.step import step
from warehouse import backfills
from warehouse.backfills import Known, Window
from warehouse.ledger import StageResult, summed
from warehouse.retention import first_measured_day

# Days that are loaded at the same time. What an account allows is shared out among them by its
# budget in the warehouse; each has a client and a few connections of its own.
AT_ONCE = 4


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
def estimate(plan: Plan, as_of: datetime, up_to_usd: float) -> Agreed:
    """What scoring takes, shown before anything is. Raises: as `check_budget`."""
    found = estimating.estimated(plan, as_of)
    told = {"tickets": found.tickets, "tokens in": found.input_tokens}
    told |= {"tokens out": found.output_tokens, "minutes of speech": found.audio_minutes}
    usd = "not known" if found.usd is None else f"{found.usd:.2f}"
    slug = plan.asked.slug
    show_table(f"estimate-{slug}", [{**told, "US dollars": usd}], f"{slug}: scoring takes about")
    estimating.check_budget(found, up_to_usd, slug)
    return estimating.agreed(found, slug)


@step
def account(plan: Plan, agreed: Agreed) -> str:
    """What scoring took, beside what was estimated; kept with the run too."""
    slug = plan.asked.slug
    told = estimating.taken(agreed, slug)
    show_page(f"cost-{slug}", told, f"{slug}: what scoring took")
    return told


@step
def next_days(plan: Plan, left: Sequence[Window], as_of: datetime) -> list[Window]:
    """The first of these days that are done as one, as they are to be done now."""
    with opened(plan.asked.slug) as resources, resources.session() as connection:
        known: Known = backfills.known(connection, first_measured_day(connection))
        here = resources.organization
        found = together([judged(one, known, here, as_of) for one in left[:TOGETHER]])
        for before, now in zip(left, found, strict=False):
            if now != before:
                told = (_begun(plan), now.day, now.state)
                backfills.move(connection, *told, past_clock=now.past_clock)
        return found


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
def load_days(slug: str, windows: Sequence[Window], as_of: datetime) -> StageResult:
    """Loads what happened on some days, side by side; of a day past the clock what it touched.

    Tried again, all of them are: what is here already is found again, and stays as it is.
    """
    done: list[StageResult] = []
    if not windows[0].past_clock:
        with extracting(slug, as_of, "backfill") as extraction:
            done.append(load_people(extraction, windows))
    loads = [partial(_load_day, slug, one, as_of) for one in windows]
    for days, result in enumerate(side_by_side(loads, at_once=AT_ONCE), start=1):
        done.append(result)
        report("load", days, total=len(windows), note="days")
    notes = dict.fromkeys(one.note for one in done if one.note)
    return replace(summed(done), note=" ".join(notes))


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
def note_done(plan: Plan, windows: Sequence[Window]) -> None:
    """Notes that these days are done, each for itself."""
    with opened(plan.asked.slug) as resources, resources.session() as connection:
        for one in windows:
            backfills.move(connection, _begun(plan), one.day, "done")


def _load_day(slug: str, window: Window, as_of: datetime) -> StageResult:
    with extracting(slug, as_of, f"backfill {window.day}") as extraction:
        return load_window(extraction, window)


def _begun(plan: Plan) -> UUID:
    if plan.backfill_id is None:
        raise ValueError("the plan has not begun")
    return plan.backfill_id
