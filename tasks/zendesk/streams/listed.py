"""What is read from ordinary lists: whole each run, or by the time of what they hold."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from tasks.errors import PermanentError, RefusedError, TransientError
from tasks.zendesk.client import Params, ZendeskClient
from tasks.zendesk.desk import Holiday, Schedule
from tasks.zendesk.page import Page
from tasks.zendesk.parse import Kinds, parse_envelope, parse_page
from tasks.zendesk.satisfaction import Rating, SurveyResponse
from tasks.zendesk.streams.stream import check_whole

ROWS_A_LIST = 100
SLICE = timedelta(days=30)
# A rating is offered first and given later, for weeks: what was offered lately is read again.
AGAIN = timedelta(days=7)
# Zendesk keeps the counts of its lists for up to a day: they are about right, not exact.
SHARE_OF_COUNT = 0.95


class _Meta(msgspec.Struct, frozen=True):
    has_more: bool = False
    after_cursor: str | None = None


class _Envelope(msgspec.Struct):
    meta: _Meta = _Meta()
    count: int | None = None


class _Counted(msgspec.Struct):
    value: int = 0


class _Count(msgspec.Struct):
    count: _Counted


@dataclass(frozen=True)
class ListStream:
    """A list read to its end each run.

    `whole` yields it as one page, which replaces what is there: it must be all there is.
    `counted_at` is the path at which Zendesk counts the list itself.
    """

    name: str
    path: str
    kinds: Kinds
    params: Params = field(default_factory=dict)
    whole: bool = False
    counted_at: str | None = None

    def iter_pages(
        self, client: ZendeskClient, cursor: str | None, start_at: datetime, as_of: datetime
    ) -> Iterator[Page]:
        """See `Stream`. Raises: TransientError for a list that is shorter than its count."""
        pages: list[Page] = []
        found, counted, promised = 0, self._count(client), None
        for body in iter_bodies(client, self.name, self.path, self.params):
            page = parse_page(body, self.kinds)
            found += page.count + len(page.bad)
            promised = parse_envelope(body, _Envelope).count
            if self.whole:
                pages.append(page)
            else:
                yield page
        check_whole(client, self.name, found, promised)
        check_whole(client, self.name, found, counted, share=SHARE_OF_COUNT)
        if pages:
            yield joined(pages)

    def probe(self, client: ZendeskClient, as_of: datetime) -> None:
        """See `Stream`."""
        client.get(self.path, {**self.params, "page[size]": 1})

    def _count(self, client: ZendeskClient) -> int | None:
        if self.counted_at is None:
            return None
        try:
            body = client.get(self.counted_at, self.params)
        except RefusedError:
            return None  # it lists what it does not count
        return parse_envelope(body, _Count).count.value


@dataclass(frozen=True)
class SliceStream:
    """A list of what was offered between two instants, in slices of 30 days as Zendesk asks."""

    name: str
    path: str
    kinds: Kinds
    from_name: str
    to_name: str

    def iter_pages(
        self, client: ZendeskClient, cursor: str | None, start_at: datetime, as_of: datetime
    ) -> Iterator[Page]:
        """See `Stream`. The cursor is the end of the last slice, in epoch seconds."""
        begin = int(start_at.timestamp())
        if cursor is not None:
            begin = max(begin, int(cursor) - int(AGAIN.total_seconds()))
        end = int(as_of.timestamp())
        while begin < end:
            until = min(begin + int(SLICE.total_seconds()), end)
            params = {self.from_name: begin, self.to_name: until}
            for body in iter_bodies(client, self.name, self.path, params):
                yield parse_page(body, self.kinds)
            yield Page({}, [], str(until))
            begin = until

    def probe(self, client: ZendeskClient, as_of: datetime) -> None:
        """See `Stream`."""
        end = int(as_of.timestamp())
        client.get(self.path, {self.from_name: end - 1, self.to_name: end, "page[size]": 1})


RATINGS = SliceStream(
    "satisfaction_ratings",
    "/api/v2/satisfaction_ratings.json",
    {"satisfaction_ratings": Rating},
    "start_time",
    "end_time",
)
SURVEYS = SliceStream(
    "survey_responses",
    "/api/v2/guide/survey_responses",
    {"survey_responses": SurveyResponse},
    "filter[created_at_start]",
    "filter[created_at_end]",
)


@dataclass(frozen=True)
class ScheduleStream:
    """Business hours with their holidays, as one page: together they are one version.

    Zendesk counts neither, so the list is read twice and must be the same.
    """

    name: str = "schedules"
    path: str = "/api/v2/business_hours/schedules"

    def iter_pages(
        self, client: ZendeskClient, cursor: str | None, start_at: datetime, as_of: datetime
    ) -> Iterator[Page]:
        """See `Stream`."""
        body = client.get(self.path, {})
        if client.get(self.path, {}) != body:
            raise TransientError(f"{client.account}: {self.name} changed while they were read")
        page = parse_page(body, {"schedules": Schedule})
        lists = [self._holidays(client, one.id) for one in page.records.get("schedules", [])]
        yield joined([page, Page({"holidays": []}), *lists])

    def probe(self, client: ZendeskClient, as_of: datetime) -> None:
        """See `Stream`."""
        client.get(self.path, {})

    def _holidays(self, client: ZendeskClient, schedule_id: int) -> Page:
        page = parse_page(
            client.get(f"{self.path}/{schedule_id}/holidays", {}), {"holidays": Holiday}
        )
        found = [
            msgspec.structs.replace(one, schedule_id=schedule_id)
            for one in page.records.get("holidays", [])
        ]
        return Page({"holidays": found}, page.bad, None, page.unknown)


def joined(pages: list[Page]) -> Page:
    """The pages as one, without a cursor."""
    records: dict[str, list[object]] = {}
    unknown: dict[tuple[str, str], int] = {}
    for page in pages:
        for kind, found in page.records.items():
            records.setdefault(kind, []).extend(found)
        for field_name, count in page.unknown.items():
            unknown[field_name] = unknown.get(field_name, 0) + count
    return Page(records, [bad for page in pages for bad in page.bad], None, unknown)


def iter_bodies(
    client: ZendeskClient, name: str, path: str, params: Params, after: str | None = None
) -> Iterator[bytes]:
    """The pages of a cursor list. Raises: PermanentError where its cursor does not advance."""
    at: dict[str, str | int] = {} if after is None else {"page[after]": after}
    while True:
        body = client.get(path, {"page[size]": ROWS_A_LIST, **params, **at})
        yield body
        meta = parse_envelope(body, _Envelope).meta
        if not meta.has_more:
            return
        if meta.after_cursor is None or at.get("page[after]") == meta.after_cursor:
            raise PermanentError(f"{client.account}: the list {name} repeats its cursor")
        at = {"page[after]": meta.after_cursor}
