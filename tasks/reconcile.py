"""What no stream tells: deletions, archived tickets, comments that went missing, redactions.

Reconciling finds them and queues their tickets; repairing reads those tickets one by one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from tasks.errors import RefusedError, TransientError, VensorError
from tasks.extraction import Extraction, extracting
from tasks.pages import SOURCE, PageLoader
from tasks.progress import report
from tasks.step import step
from tasks.zendesk import Mode
from tasks.zendesk.client import NotFoundError
from tasks.zendesk.reconciling import (
    iter_article_ids,
    iter_deleted_tickets,
    iter_deleted_users,
    iter_found_tickets,
)
from tasks.zendesk.rows.desk import document_id
from tasks.zendesk.ticket import fetch_ticket, iter_tickets
from warehouse import repairs, watermarks
from warehouse.deletion import queue_repairs
from warehouse.ledger import StageResult
from warehouse.repairs import Repair

AT_ONCE = 100
OVERLAP = timedelta(hours=1)
DONE = "reconcile"


@step
def reconcile(slug: str, as_of: datetime) -> StageResult:
    """Compares what is here with Zendesk's own lists and counts, and queues what differs."""
    with extracting(slug, as_of, "reconcile") as extraction:
        notes = [
            _deleted_tickets(extraction),
            _deleted_users(extraction),
            _retired_articles(extraction),
            _archived(extraction),
            _comment_counts(extraction),
        ]
        with extraction.resources.session() as connection:
            org_id = extraction.resources.organization.org_id
            at = as_of.isoformat()
            watermarks.move(connection, org_id, SOURCE, DONE, at, rows=0)
    return StageResult(note=" ".join(note for note in notes if note))


@step
def repair_tickets(slug: str, as_of: datetime) -> StageResult:
    """Reads the queued tickets again, each with its events in one transaction."""
    with extracting(slug, as_of, "repair") as extraction:
        done = written = failed = 0
        loader, metrics = extraction.loader(), _reads_metrics(extraction)
        while pending := _pending(extraction):
            _load_tickets(extraction, [one for one in pending if one.reason != "listed"])
            for one in pending:
                try:
                    written += _repair(extraction, loader, one, metrics=metrics)
                    done += 1
                except VensorError as error:
                    if isinstance(error, TransientError | RefusedError):
                        raise
                    failed += 1
                    with extraction.resources.session() as connection:
                        repairs.postpone(connection, one)
                report("extract", done, note="tickets one by one")
        note = f"{failed} tickets could not be read;" if failed else ""
        return StageResult(done, written, failed, note)


def _pending(extraction: Extraction) -> list[Repair]:
    with extraction.resources.session() as connection:
        return repairs.pending_repairs(connection, AT_ONCE)


def _load_tickets(extraction: Extraction, wanted: Sequence[Repair]) -> None:
    """The tickets themselves, as they are now."""
    if wanted:
        past = any(one.reason == "backfill" for one in wanted)
        loader = replace(_plain_loader(extraction), quarantines=not past)
        pages = iter_tickets(extraction.client, [one.ticket_id for one in wanted])
        loader.load_all("tickets", pages, watermark=DONE)


def _reads_metrics(extraction: Extraction) -> bool:
    """Whether metric events come with each ticket, for want of an export."""
    modes = extraction.modes()
    return "metric_events" in modes and modes["metric_events"].mode == Mode.LIST


def _repair(extraction: Extraction, loader: PageLoader, one: Repair, *, metrics: bool) -> int:
    """Loads a ticket's events, and takes it from the queue with them; the rows written.

    A backfill needs its metric events as well: the export of a day has that day's only.
    """
    if one.reason == "backfill":
        metrics, loader = True, replace(loader, quarantines=False)
    try:
        page = fetch_ticket(extraction.client, one.ticket_id, metrics=metrics)
    except NotFoundError:  # deleted meanwhile: the lists of what was deleted tell of it
        page = None
    with extraction.resources.session() as connection:
        written = 0 if page is None else loader.load_page(connection, "ticket_events", page)
        repairs.repaired(connection, one)
    return written


def _plain_loader(extraction: Extraction) -> PageLoader:
    return PageLoader(extraction.resources, extraction.as_of)


def _since(extraction: Extraction, connection: Connection) -> datetime:
    """When it was last reconciled, with an overlap; else the organization's clock."""
    told = watermarks.read(connection, SOURCE, DONE)
    cutoff = _plain_loader(extraction).cutoff
    return cutoff if told is None else max(cutoff, datetime.fromisoformat(told) - OVERLAP)


def _deleted_tickets(extraction: Extraction) -> str:
    try:
        gone = dict(iter_deleted_tickets(extraction.client))
    except RefusedError:
        return "deleted_tickets refused;"
    with extraction.resources.session() as connection:
        found = repairs.mark_deleted_tickets(connection, gone)
    return f"{found} tickets deleted there;" if found else ""


def _deleted_users(extraction: Extraction) -> str:
    try:
        gone = list(iter_deleted_users(extraction.client))
    except RefusedError:
        return "deleted_users refused;"
    with extraction.resources.session() as connection:
        found = repairs.mark_deleted_users(connection, gone)
    return f"{found} users deleted there;" if found else ""


def _retired_articles(extraction: Extraction) -> str:
    try:
        present = [document_id(one) for one in iter_article_ids(extraction.client)]
    except RefusedError:
        return ""  # an account without a Help Center says so at its stream
    with extraction.resources.session() as connection:
        found = repairs.retire_articles(connection, present, SOURCE)
    return f"{found} articles removed there;" if found else ""


def _archived(extraction: Extraction) -> str:
    """Tickets that the list leaves out; the export has them all."""
    modes = extraction.modes()
    if "tickets" not in modes or modes["tickets"].mode != Mode.LIST:
        return ""
    with extraction.resources.session() as connection:
        since = _since(extraction, connection)
    found = 0
    for ids in iter_found_tickets(extraction.client, since):
        with extraction.resources.session() as connection:
            missing = repairs.missing(connection, ids)
        _queue(extraction, missing, "missing")
        found += len(missing)
    return f"{found} archived tickets found;" if found else ""


def _comment_counts(extraction: Extraction) -> str:
    """Tickets that changed lately and have other comments here than Zendesk counts."""
    with extraction.resources.session() as connection:
        ids = repairs.tickets_updated_since(connection, _since(extraction, connection))
    differing = 0
    for page in iter_tickets(extraction.client, ids):
        told = {
            one.id: one.comment_count
            for one in page.records.get("tickets", [])
            if one.comment_count is not None
        }
        with extraction.resources.session() as connection:
            here = repairs.comment_counts(connection, list(told))
        wrong = [one for one, count in told.items() if here.get(one, 0) != count]
        _queue(extraction, wrong, "count")
        differing += len(wrong)
    return f"{differing} tickets lacked comments;" if differing else ""


def _queue(extraction: Extraction, ids: Iterable[int], reason: str) -> None:
    asked = dict.fromkeys(ids, extraction.as_of)
    with extraction.resources.session() as connection:
        queue_repairs(connection, extraction.resources.organization.org_id, asked, reason)
