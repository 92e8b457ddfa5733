"""What is listed, not exported: small configuration, read whole each run, and ratings."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from tasks.errors import PermanentError
from tasks.zendesk.client import Params, ZendeskClient
from tasks.zendesk.desk import Holiday, Schedule
from tasks.zendesk.page import BadRecord, Page
from tasks.zendesk.parse import parse_envelope, parse_records
from tasks.zendesk.records import Rating

ROWS_A_LIST = 100
SLICE = timedelta(days=30)
# A rating is offered first and given later, for weeks: what was offered lately is read again.
RATINGS_AGAIN = timedelta(days=7)


class _Meta(msgspec.Struct, frozen=True):
    has_more: bool = False
    after_cursor: str | None = None


class _Envelope(msgspec.Struct):
    meta: _Meta = _Meta()


@dataclass(frozen=True)
class ListStream:
    """A list read to its end each run."""

    name: str
    path: str
    kinds: dict[str, type[Any]]
    params: Params = field(default_factory=dict)

    def iter_pages(
        self, client: ZendeskClient, cursor: str | None, start_at: datetime, as_of: datetime
    ) -> Iterator[Page]:
        """See `Stream`."""
        for body in _bodies(client, self.name, self.path, self.params):
            yield Page(*parse_records(body, self.kinds))


@dataclass(frozen=True)
class RatingStream:
    """Legacy satisfaction ratings, in slices of 30 days as Zendesk asks."""

    name: str = "satisfaction_ratings"
    path: str = "/api/v2/satisfaction_ratings.json"

    def iter_pages(
        self, client: ZendeskClient, cursor: str | None, start_at: datetime, as_of: datetime
    ) -> Iterator[Page]:
        """See `Stream`. The cursor is the end of the last slice, in epoch seconds."""
        begin = int(start_at.timestamp())
        if cursor is not None:
            begin = max(begin, int(cursor) - int(RATINGS_AGAIN.total_seconds()))
        end = int(as_of.timestamp())
        while begin < end:
            until = min(begin + int(SLICE.total_seconds()), end)
            params = {"start_time": begin, "end_time": until}
            for body in _bodies(client, self.name, self.path, params):
                yield Page(*parse_records(body, {"satisfaction_ratings": Rating}))
            yield Page({}, [], str(until))
            begin = until


@dataclass(frozen=True)
class ScheduleStream:
    """Business hours with their holidays, as one page: together they are one version."""

    name: str = "schedules"
    path: str = "/api/v2/business_hours/schedules"

    def iter_pages(
        self, client: ZendeskClient, cursor: str | None, start_at: datetime, as_of: datetime
    ) -> Iterator[Page]:
        """See `Stream`."""
        schedules, bad = parse_records(client.get(self.path, {}), {"schedules": Schedule})
        holidays: list[Holiday] = []
        for schedule in schedules.get("schedules", []):
            found, broken = _holidays(client, self.path, schedule.id)
            holidays += found
            bad += broken
        yield Page({**schedules, "holidays": holidays}, bad)


def _holidays(
    client: ZendeskClient, path: str, schedule_id: int
) -> tuple[list[Holiday], list[BadRecord]]:
    body = client.get(f"{path}/{schedule_id}/holidays", {})
    found, bad = parse_records(body, {"holidays": Holiday})
    return [
        msgspec.structs.replace(one, schedule_id=schedule_id) for one in found.get("holidays", [])
    ], bad


def _bodies(client: ZendeskClient, name: str, path: str, params: Params) -> Iterator[bytes]:
    """The pages of a cursor list. Raises: PermanentError where its cursor does not advance."""
    after: dict[str, str | int] = {}
    while True:
        body = client.get(path, {**params, "page[size]": ROWS_A_LIST, **after})
        yield body
        meta = parse_envelope(body, _Envelope).meta
        if not meta.has_more:
            return
        if meta.after_cursor is None or after.get("page[after]") == meta.after_cursor:
            raise PermanentError(f"{client.account}: the list {name} repeats its cursor")
        after = {"page[after]": meta.after_cursor}
