"""What has no list: read ticket by ticket, for those whose state says that something happened."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from tasks.zendesk.client import Params, ZendeskClient
from tasks.zendesk.page import Page
from tasks.zendesk.parse import parse_envelope


class _Id(msgspec.Struct):
    id: int


class _Tickets(msgspec.Struct):
    tickets: list[_Id]


@dataclass(frozen=True)
class ByTicket:
    """A stream without pages of its own: it comes with each ticket. See `ticket.fetch_ticket`.

    `path` is where one ticket's records are, `{}` in the place of its id.
    """

    path: str
    params: Params = field(default_factory=dict)

    def iter_pages(
        self, client: ZendeskClient, cursor: str | None, start_at: datetime, as_of: datetime
    ) -> Iterator[Page]:
        """See `Stream`: none."""
        yield from ()

    def probe(self, client: ZendeskClient, as_of: datetime) -> None:
        """See `Stream`."""
        body = client.get("/api/v2/tickets", {"page[size]": 1})
        for ticket in parse_envelope(body, _Tickets).tickets:
            client.get(self.path.format(ticket.id), self.params)
