"""Records in quarantine, tried again: after a fix of ours, or of what was wrong in Zendesk."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from tasks.errors import ConfigurationError
from tasks.pages import UNFIT, PageLoader
from tasks.resources import Resources, opened
from tasks.zendesk import STREAMS, Page
from tasks.zendesk.parse import parse_page
from tasks.zendesk.streams import KINDS
from tasks.zendesk.ticket import as_events
from warehouse import quarantine
from warehouse.quarantine import Held
from warehouse.sessions import translated_errors

COLUMN = "app.quarantine.sealed"
RECORDS_AT_ONCE = 64
# Versions of these replace each other as a whole list, and the list is read anew each run.
READ_ANEW = {"sla_policies", "schedules", "holidays"}


@dataclass(frozen=True)
class Retried:
    """How many records were loaded, and how many are held still, by reason."""

    loaded: int
    held: Counter[str]


def retry_quarantined(slug: str, as_of: datetime, stream: str | None = None) -> Retried:
    """Loads what can be read now and takes it out of quarantine; the rest stays.

    Raises: ConfigurationError for a stream that there is not.
    """
    if stream is not None and stream not in STREAMS:
        raise ConfigurationError(f"no stream {stream!r}; there are: {', '.join(STREAMS)}")
    with opened(slug) as resources:
        with resources.session() as connection:
            held = quarantine.held_records(connection, stream)
        still = Counter[str]()
        for at in range(0, len(held), RECORDS_AT_ONCE):
            batch = held[at : at + RECORDS_AT_ONCE]
            with resources.session("retry quarantined records"):
                pages = [_page(resources, one) for one in batch]
            reasons = (
                _retry(resources, one, page, as_of) for one, page in zip(batch, pages, strict=True)
            )
            still.update(reason for reason in reasons if reason is not None)
        return Retried(len(held) - still.total(), still)


def _retry(resources: Resources, one: Held, page: Page | None, as_of: datetime) -> str | None:
    """None once it is loaded, else why it is not."""
    if page is None or page.bad:
        return one.reason if page is None else page.bad[0].reason
    loader = PageLoader(resources, as_of)
    try:
        with resources.session() as connection:
            if one.kind not in READ_ANEW:
                with translated_errors():
                    loader.load_page(connection, one.stream, page)
            quarantine.release(connection, one.quarantine_id)
    except UNFIT:
        return "not_storable"
    return None


def _page(resources: Resources, one: Held) -> Page | None:
    """The record as a page of its own; None for a kind that is read no longer."""
    if one.kind not in KINDS:
        return None
    raw = resources.cipher.unseal(
        one.sealed, column=COLUMN, row_id=str(one.quarantine_id), changed_at=one.changed_at
    )
    body = b'{"%s":[%s]}' % (one.kind.encode(), raw)
    page = parse_page(body, {one.kind: KINDS[one.kind]})
    return as_events(page) if one.kind == "audits" else page
