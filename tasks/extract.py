"""Extraction: what each stream of Zendesk holds that is not loaded yet."""

from datetime import UTC, datetime, timedelta

from tasks.extraction import extracting
from tasks.recording_ends import sweep_objects
from tasks.resources import opened
from tasks.step import step
from tasks.zendesk import STREAMS
from tasks.zendesk.probing import BROKEN
from warehouse.corrections import end_of_gone
from warehouse.deletion import forget_deleted_tickets, forget_deleted_users
from warehouse.erasure import forget_marked_again
from warehouse.ledger import StageResult
from warehouse.loading import fill_author_roles
from warehouse.modes import StreamMode
from warehouse.organizations import ensure_partitions

STREAM_NAMES = tuple(STREAMS)
DAYS_AHEAD = 2


@step
def prepare_days(slug: str, as_of: datetime) -> None:
    """Makes the daily partitions that this run may write to."""
    with opened(slug) as resources:
        from_day = as_of - timedelta(days=resources.organization.retention_days)
        to_day = max(as_of, datetime.now(UTC)) + timedelta(days=DAYS_AHEAD)
        ensure_partitions(resources.engine, from_day.date(), to_day.date())


@step
def probe_streams(slug: str, as_of: datetime) -> None:
    """Finds out how the streams with two ways can be read, where that is not known."""
    with extracting(slug, as_of, "probe") as extraction:
        known = extraction.modes()
        for name, ways in STREAMS.items():
            if ways.export and ways.listed and _is_unknown(known.get(name)):
                extraction.probe(name)


def _is_unknown(found: StreamMode | None) -> bool:
    """Of a way that was broken when it was tried nothing is known: it may be whole by now."""
    return found is None or BROKEN in (found.export, found.list)


@step
def extract_stream(slug: str, stream_name: str, as_of: datetime) -> StageResult:
    """Loads what one stream of Zendesk holds that is not loaded yet.

    A stream that the account's plan does not have is left out and named in the result.
    """
    with extracting(slug, as_of, stream_name) as extraction:
        return extraction.read(stream_name)


@step
def forget_deleted(slug: str) -> StageResult:
    """Deletes the words of tickets and users that were deleted in Zendesk, and what came of them.

    Notes the roles of authors who were loaded after their comments; ends corrections of the gone.
    """
    with opened(slug) as resources:
        with resources.session() as connection:
            fill_author_roles(connection)
            end_of_gone(connection)
            rows = forget_deleted_tickets(connection) + forget_deleted_users(connection)
            rows += forget_marked_again(connection)
            if rows:
                resources.audit(
                    connection,
                    action="delete.content",
                    purpose="deleted in Zendesk",
                    details={"rows": rows},
                )
        sweep_objects(resources)  # once that is committed: a store has no transactions
    return StageResult(note=f"{rows} rows of what was deleted there forgotten;" if rows else "")
