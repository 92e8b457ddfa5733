"""Cursor-based exports: tickets and users.

The cursor filters `generated_timestamp`, not `updated_at`: changes that the system makes bump
only the former, and are not to be lost. It stops at `end_of_stream`, not at an empty page.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from tasks.errors import PermanentError
from tasks.zendesk.client import Params, TooRecentError, ZendeskClient
from tasks.zendesk.page import Page
from tasks.zendesk.parse import Kinds, parse_envelope, parse_page
from tasks.zendesk.streams.stream import Fetcher, probe_export


class _Envelope(msgspec.Struct):
    end_of_stream: bool
    after_cursor: str | None = None


@dataclass(frozen=True)
class CursorStream:
    """An export that hands out a cursor with each page."""

    name: str
    path: str
    kinds: Kinds
    params: Params = field(default_factory=dict)

    def iter_pages(
        self, client: ZendeskClient, cursor: str | None, start_at: datetime, as_of: datetime
    ) -> Iterator[Page]:
        """See `Stream`."""
        fetcher = Fetcher(client)
        at: dict[str, str | int] = {"start_time": int(start_at.timestamp())}
        while True:
            if cursor is not None:
                at = {"cursor": cursor}
            try:
                body = fetcher.fetch(self.path, {**self.params, **at})
            except TooRecentError:
                return
            envelope = parse_envelope(body, _Envelope)
            yield parse_page(body, self.kinds, cursor=envelope.after_cursor)
            if envelope.end_of_stream:
                return
            if envelope.after_cursor in {None, cursor}:
                raise PermanentError(
                    f"{client.account}: the stream {self.name} repeats its cursor without an end"
                )
            cursor = envelope.after_cursor

    def probe(self, client: ZendeskClient, as_of: datetime) -> None:
        """See `Stream`."""
        probe_export(client, self.path, as_of)
