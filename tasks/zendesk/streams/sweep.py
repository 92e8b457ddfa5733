"""Tickets without an export: the list, newest change first, down to where the last sweep began.

What changes while a sweep is under way moves to its top, where the next one finds it. Zendesk
ignores `start_time` here, so there is no other way to ask for what is new.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec

from tasks.zendesk.client import ZendeskClient
from tasks.zendesk.page import Page
from tasks.zendesk.parse import Kinds, parse_envelope, parse_page
from tasks.zendesk.records import Ticket, of_agents
from tasks.zendesk.streams.listed import iter_bodies

PATH = "/api/v2/tickets"
PARAMS = {"sort": "-updated_at", "include": "metric_sets,users"}


class _State(msgspec.Struct, omit_defaults=True):
    """What is stored: how far down to go, and where a sweep that is under way has come.

    `after` is Zendesk's own cursor, verbatim; `top` the newest change that this sweep saw.
    """

    floor: datetime
    top: datetime | None = None
    after: str | None = None


class _Meta(msgspec.Struct, frozen=True):
    after_cursor: str | None = None


class _Envelope(msgspec.Struct):
    meta: _Meta = _Meta()


@dataclass(frozen=True)
class TicketSweep:
    """The list of tickets. Archived and deleted ones are not in it: see `reconcile`."""

    name: str
    kinds: Kinds

    def iter_pages(
        self, client: ZendeskClient, cursor: str | None, start_at: datetime, as_of: datetime
    ) -> Iterator[Page]:
        """See `Stream`."""
        state = _State(start_at) if cursor is None else msgspec.json.decode(cursor, type=_State)
        for body in iter_bodies(client, self.name, PATH, PARAMS, state.after):
            page = parse_page(body, self.kinds)
            found: list[Ticket] = list(page.records.get("tickets", []))
            if state.top is None:
                state.top = max((min(one.updated_at, as_of) for one in found), default=None)
            state.after = parse_envelope(body, _Envelope).meta.after_cursor or state.after
            fresh = [one for one in found if one.updated_at >= state.floor]
            records = {**page.records, "tickets": of_agents(fresh)}
            yield Page(records, page.bad, _stored(state), page.unknown)
            if len(fresh) < len(found):
                break
        yield Page({}, [], _stored(_State(state.top or state.floor)))

    def probe(self, client: ZendeskClient, as_of: datetime) -> None:
        """See `Stream`."""
        client.get(PATH, {"page[size]": 1})


def _stored(state: _State) -> str:
    return msgspec.json.encode(state).decode()
