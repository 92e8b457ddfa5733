"""Time-based exports: events, organizations, articles, and Talk's calls and legs.

They begin at a second, inclusive, and repeat the boundary second on the next page; loading is
idempotent, so what comes twice counts once. `end_time` is the cursor.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from tasks.errors import PermanentError
from tasks.zendesk.client import Params, TooRecentError, ZendeskClient
from tasks.zendesk.page import Page
from tasks.zendesk.parse import Kinds, parse_envelope, parse_page
from tasks.zendesk.streams.stream import Fetcher, check_whole, probe_export


class _Envelope(msgspec.Struct):
    count: int = 0
    end_time: int | None = None
    next_page: str | None = None
    end_of_stream: bool | None = None

    @property
    def cursor(self) -> str | None:
        return None if self.end_time is None else str(self.end_time)


@dataclass(frozen=True)
class TimeStream:
    """An export that says `end_of_stream`, or ends with a null `next_page` (Help Center)."""

    name: str
    path: str
    kinds: Kinds
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
            page = parse_page(body, self.kinds, cursor=envelope.cursor)
            check_whole(client, self.name, page.count + len(page.bad), envelope.count)
            yield page
            if envelope.end_of_stream or envelope.next_page is None:
                return
            at = _advanced(envelope, at, self.name, client)

    def probe(self, client: ZendeskClient, as_of: datetime) -> None:
        """See `Stream`."""
        probe_export(client, self.path, as_of)


@dataclass(frozen=True)
class TalkStream:
    """Talk's calls or legs: no `end_of_stream`, and `next_page` is never null.

    It ends where `end_time` is what was asked for; every known connector that followed
    `next_page` looped there.
    """

    name: str
    path: str
    kinds: Kinds

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
            page = parse_page(body, self.kinds, cursor=envelope.cursor)
            found = page.count + len(page.bad)
            check_whole(client, self.name, found, envelope.count)
            yield page
            if envelope.end_time in {None, at} and found < fetcher.rows:
                return
            at = _advanced(envelope, at, self.name, client)

    def probe(self, client: ZendeskClient, as_of: datetime) -> None:
        """See `Stream`."""
        probe_export(client, self.path, as_of)


def _advanced(envelope: _Envelope, at: int, name: str, client: ZendeskClient) -> int:
    """The next start. Raises: PermanentError when it isn't later than this one."""
    if envelope.end_time is None or envelope.end_time <= at:
        raise PermanentError(
            f"{client.account}: the stream {name} does not advance beyond second {at};"
            " its page is full of one second"
        )
    return envelope.end_time
