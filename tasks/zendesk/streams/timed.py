"""Time-based exports: events, organizations, articles, and Talk's calls and legs.

They begin at a second, inclusive, and repeat the boundary second on the next page; loading is
idempotent, so what comes twice counts once. `end_time` is the cursor.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from tasks.errors import PermanentError
from tasks.zendesk.client import Params, TooRecentError, ZendeskClient
from tasks.zendesk.page import Page
from tasks.zendesk.parse import parse_envelope, parse_records
from tasks.zendesk.streams.stream import Fetcher


class _Envelope(msgspec.Struct):
    count: int = 0
    end_time: int | None = None
    next_page: str | None = None
    end_of_stream: bool | None = None


@dataclass(frozen=True)
class TimeStream:
    """An export that says `end_of_stream`, or ends with a null `next_page` (Help Center)."""

    name: str
    path: str
    kinds: dict[str, type[Any]]
    params: Params = field(default_factory=dict)
    begins_at: int | None = None

    def iter_pages(
        self, client: ZendeskClient, cursor: str | None, start_at: datetime, as_of: datetime
    ) -> Iterator[Page]:
        """See `Stream`."""
        fetcher = Fetcher(client)
        begin = int(start_at.timestamp()) if self.begins_at is None else self.begins_at
        at = begin if cursor is None else int(cursor)
        while True:
            try:
                body = fetcher.fetch(self.path, {**self.params, "start_time": at})
            except TooRecentError:
                return
            envelope = parse_envelope(body, _Envelope)
            records, bad = parse_records(body, self.kinds)
            yield Page(records, bad, None if envelope.end_time is None else str(envelope.end_time))
            if envelope.end_of_stream or envelope.next_page is None:
                return
            at = _advanced(envelope, at, self.name, client)


@dataclass(frozen=True)
class TalkStream:
    """Talk's calls or legs: no `end_of_stream`, and `next_page` is never null.

    It ends where `end_time` is what was asked for; every known connector that followed
    `next_page` looped there.
    """

    name: str
    path: str
    kinds: dict[str, type[Any]]

    def iter_pages(
        self, client: ZendeskClient, cursor: str | None, start_at: datetime, as_of: datetime
    ) -> Iterator[Page]:
        """See `Stream`."""
        fetcher = Fetcher(client)
        at = int(start_at.timestamp()) if cursor is None else int(cursor)
        while True:
            try:
                body = fetcher.fetch(self.path, {"start_time": at})
            except TooRecentError:
                return
            envelope = parse_envelope(body, _Envelope)
            records, bad = parse_records(body, self.kinds)
            yield Page(records, bad, None if envelope.end_time is None else str(envelope.end_time))
            found = sum(len(one) for one in records.values()) + len(bad)
            if envelope.end_time in {None, at} and max(envelope.count, found) < fetcher.rows:
                return
            at = _advanced(envelope, at, self.name, client)


def _advanced(envelope: _Envelope, at: int, name: str, client: ZendeskClient) -> int:
    """The next start. Raises: PermanentError when it isn't later than this one."""
    if envelope.end_time is None or envelope.end_time <= at:
        raise PermanentError(
            f"{client.account}: the stream {name} does not advance beyond second {at};"
            " its page is full of one second"
        )
    return envelope.end_time
