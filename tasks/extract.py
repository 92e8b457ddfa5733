"""Extraction: each page of a stream is parsed, sealed and loaded with its cursor, at once.

Plain personal data is in this process's memory for the time of one page and nowhere else.
"""

from datetime import UTC, datetime, timedelta
from functools import partial

from tasks.connections import StoredCredentials, find_connection
from tasks.errors import RefusedError
from tasks.prefetch import prefetched
from tasks.progress import report
from tasks.resources import Resources, opened
from tasks.step import step
from tasks.zendesk import STREAMS, Page, Stream, ZendeskClient, merged_tickets, to_rows
from tasks.zendesk.leases import shared_budget
from warehouse import audit, watermarks
from warehouse.deletion import forget_deleted_tickets
from warehouse.ledger import StageResult
from warehouse.loading import link_merged_tickets, load
from warehouse.organizations import ensure_partitions

SOURCE = "zendesk"
STREAM_NAMES = tuple(STREAMS)
DAYS_AHEAD = 2
INDISPENSABLE = {"tickets", "ticket_events"}


@step
def prepare_days(slug: str, as_of: datetime) -> None:
    """Makes the daily partitions that this run may write to."""
    with opened(slug) as resources:
        from_day = as_of - timedelta(days=resources.organization.retention_days)
        to_day = max(as_of, datetime.now(UTC)) + timedelta(days=DAYS_AHEAD)
        ensure_partitions(resources.engine, from_day.date(), to_day.date())


@step
def extract_stream(slug: str, stream_name: str, as_of: datetime) -> StageResult:
    """Loads what one stream of Zendesk holds that is not loaded yet.

    A stream that the account's plan does not have is left out and named in the result.
    """
    with opened(slug) as resources:
        stream = STREAMS[stream_name]
        base_url = find_connection(resources, SOURCE).base_url
        on_wait = partial(_report_wait, stream_name)
        with ZendeskClient.opened(
            base_url,
            StoredCredentials(resources),
            on_wait=on_wait,
            budget=shared_budget(resources.engine, base_url),
        ) as client:
            try:
                return _load(resources, stream, client, as_of)
            except RefusedError:
                if stream_name in INDISPENSABLE:
                    raise
                return StageResult(note=f"{stream_name} refused: not in the plan or the scopes;")


@step
def forget_deleted(slug: str) -> StageResult:
    """Deletes the words of tickets that were deleted in Zendesk, and what was made of them."""
    with opened(slug) as resources, resources.session() as connection:
        rows = forget_deleted_tickets(connection)
        if rows:
            audit.record(
                connection,
                resources.organization.org_id,
                actor=resources.settings.actor,
                action="delete.content",
                purpose="deleted in Zendesk",
                details={"rows": rows},
            )
    return StageResult(note=f"{rows} rows of deleted tickets forgotten;" if rows else "")


def _load(
    resources: Resources, stream: Stream, client: ZendeskClient, as_of: datetime
) -> StageResult:
    cutoff = as_of - timedelta(days=resources.organization.retention_days)
    with resources.session() as connection:
        cursor = watermarks.read(connection, SOURCE, stream.name)
    seen = written = quarantined = 0
    for page in prefetched(stream.iter_pages(client, cursor, cutoff, as_of)):
        written += _load_page(resources, stream, page, cutoff, as_of)
        seen += page.count
        quarantined += len(page.bad)
        report("extract", seen, note=stream.name)
    return StageResult(seen, written, quarantined)


def _load_page(
    resources: Resources, stream: Stream, page: Page, cutoff: datetime, as_of: datetime
) -> int:
    """The page and its cursor, in one transaction: both are there, or neither."""
    rows = to_rows(stream.name, page, resources.cipher, cutoff=cutoff, as_of=as_of)
    org_id = resources.organization.org_id
    with resources.session() as connection:
        written = sum(load(connection, org_id, one, as_of=as_of) for one in rows)
        merged = merged_tickets(page)
        if merged:
            link_merged_tickets(connection, merged)
        resources.cipher.record_uses(connection)
        watermarks.move(connection, org_id, SOURCE, stream.name, page.cursor, rows=written)
    return written


def _report_wait(stream_name: str, seconds: float, bucket: str) -> None:
    report("extract", 0, note=f"{stream_name}: waits {seconds:.0f} s for Zendesk's {bucket} limit")
