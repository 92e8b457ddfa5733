"""One day of a backfill: loaded from Zendesk, and, where it is past the clock, ended again.

Inside the clock a day's pages are merged again with what is here: days are loaded side by side once
the people of all of them are known, since none leans on another. Past it, the tickets that the day
touched are read whole, one by one, since what a day counts depends on all that happened to them;
their words are not stored. Once measured, that day is sealed and everything past its clock goes.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from tasks.errors import NotInPlanError, RefusedError
from tasks.extraction import Extraction
from tasks.purging import Purge, end_window
from tasks.resources import Resources
from tasks.zendesk import STREAMS, Mode, Page
from tasks.zendesk.rows.tickets import changed_of
from tasks.zendesk.streams.listed import AGAIN
from warehouse import backfills
from warehouse.backfills import Window
from warehouse.deletion import queue_repairs
from warehouse.ledger import StageResult, summed
from warehouse.retention import day_in

# What has no time of its own: who works there, and by which rules. Read once a run.
DESK = (
    "agents",
    "admins",
    "groups",
    "brands",
    "ticket_fields",
    "custom_statuses",
    "sla_policies",
    "schedules",
)
# The list of each export's pages that its pages are in order of, and the instant that orders it.
ORDERED: Mapping[str, tuple[str, Callable[[Any], datetime]]] = {
    "users": ("users", attrgetter("updated_at")),
    "organizations": ("organizations", attrgetter("updated_at")),
    "tickets": ("tickets", changed_of),
    "calls": ("calls", attrgetter("updated_at")),
    "call_legs": ("legs", attrgetter("updated_at")),
    "ticket_events": ("ticket_events", attrgetter("created_at")),
    "metric_events": ("ticket_metric_events", attrgetter("time")),
}
LISTED = ("satisfaction_ratings", "survey_responses")
# Before any day's words: whoever was erased is known by then, and who is an agent.
PEOPLE = ("users", "organizations")
# What has a day. Of one past the clock that is all: whoever wrote comes with their tickets.
DAILY = tuple(name for name in (*ORDERED, *LISTED) if name not in PEOPLE)
TOUCHING = {"ticket_events", "ticket_metric_events", "calls"}
EPOCH = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
WATERMARK = "backfill"  # it has no cursor: a day that was not finished begins anew


@dataclass(frozen=True)
class Span:
    """A window's first instant and the first after it."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, resources: Resources, first: Window, last: Window | None = None) -> "Span":
        """A window, or several from the first to the last."""
        start, end = day_in(resources.organization, first.day)
        return cls(start, day_in(resources.organization, last.day)[1] if last else end)


def load_desk(extraction: Extraction) -> StageResult:
    """Loads who works there and by which rules, as it is now."""
    for name in DESK:
        extraction.read(name)
    return StageResult()


def load_people(extraction: Extraction, windows: Sequence[Window]) -> StageResult:
    """Loads the people who changed from the first of these days to the last."""
    span = Span.of(extraction.resources, windows[0], windows[-1])
    return _load(extraction, PEOPLE, span, set())


def load_window(extraction: Extraction, window: Window) -> StageResult:
    """Loads what happened on a day; of one past the clock, queues the tickets that it touched.

    Raises: PermanentError where the account's plan has no exports: its lists know no days.
    """
    touched: set[int] = set()
    span, kept = Span.of(extraction.resources, window), not window.past_clock
    done = _load(extraction, DAILY, span, touched, quarantines=kept)
    if kept:
        return done
    _queue(extraction, touched)
    notes = [done.note, f"{len(touched)} tickets touched;"]
    notes += [f"{done.quarantined} records unreadable, not kept;"] if done.quarantined else []
    return replace(done, note=" ".join(one for one in notes if one))


def seal_window(resources: Resources, backfill_id: UUID, window: Window) -> StageResult:
    """Makes a measured day's figures final."""
    with resources.session() as connection:
        backfills.seal(connection, resources.organization.org_id, backfill_id, window.day)
        resources.audit(
            connection,
            action="backfill.seal",
            purpose="a day past the clock was measured",
            details={"day": window.day.isoformat()},
        )
    return StageResult(note="sealed")


def clear_window(resources: Resources, as_of: datetime) -> StageResult:
    """Deletes what the day brought that is past its clock. Raises: as `end_window`."""
    deleted: Counter[str] = end_window(Purge.of(resources, as_of))
    return StageResult(deleted.total(), note="nothing older than the clock is left")


def within(pages: Iterator[Page], name: str, span: Span) -> Iterator[Page]:
    """The pages' records of a span of time, none of a page after it. They carry no cursor."""
    kind, at = ORDERED[name]
    for page in pages:
        found = page.records.get(kind, ())
        inside = [one for one in found if span.start <= at(one) < span.end]
        yield replace(page, records={**page.records, kind: inside}, cursor=None)
        if any(at(one) >= span.end for one in found):
            return


def _load(
    extraction: Extraction,
    names: Sequence[str],
    span: Span,
    touched: set[int],
    *,
    quarantines: bool = True,
) -> StageResult:
    """Loads what these streams hold of a span; the tickets of it are added to `touched`."""
    loader, done = replace(extraction.loader(), quarantines=quarantines), list[StageResult]()
    for name in names:
        pages = _noting(touched, _pages(extraction, name, span))
        try:
            done.append(loader.load_all(name, pages, watermark=WATERMARK))
        except RefusedError:
            if STREAMS[name].indispensable:
                raise NotInPlanError(
                    f"{extraction.client.account}: {name} cannot be read day by day: a backfill"
                    " needs Zendesk's incremental exports, which this plan or login lacks"
                ) from None
            done.append(StageResult(note=f"{name} refused: not in the plan or the scopes;"))
    return summed(done)


def _pages(extraction: Extraction, name: str, span: Span) -> Iterator[Page]:
    ways, client, until = STREAMS[name], extraction.client, min(span.end, extraction.as_of)
    stream = ways.export or ways.listed
    if stream is None:
        return
    if name in LISTED:
        # offered earlier, given on this day
        pages = stream.iter_pages(client, None, span.start - AGAIN, until)
        yield from (replace(page, cursor=None) for page in pages)
        return
    modes = extraction.modes()
    if name in modes and modes[name].mode is Mode.LIST:
        raise RefusedError(f"{name} is read from its list")
    yield from within(stream.iter_pages(client, None, span.start, until), name, span)


def _noting(touched: set[int], pages: Iterator[Page]) -> Iterator[Page]:
    """The pages, whose tickets are added to `touched` as they pass."""
    for page in pages:
        for kind in TOUCHING & page.records.keys():
            touched.update(one.ticket_id for one in page.records[kind] if one.ticket_id)
        touched.update(one.id for one in page.records.get("tickets", ()) if one.status != "deleted")
        yield page


def _queue(extraction: Extraction, touched: set[int]) -> None:
    asked = dict.fromkeys(sorted(touched), extraction.as_of)
    with extraction.resources.session() as connection:
        queue_repairs(connection, extraction.resources.organization.org_id, asked, "backfill")


def first_event_at(extraction: Extraction) -> datetime | None:
    """When the account's first ticket began; None where it has none, or no export tells."""
    stream = STREAMS["ticket_events"].export
    if stream is None:
        return None
    try:
        for page in stream.iter_pages(extraction.client, None, EPOCH, extraction.as_of):
            for one in page.records.get("ticket_events", ()):
                return datetime.fromtimestamp(one.created_at.timestamp(), UTC)
    except RefusedError:
        return None
    return None
