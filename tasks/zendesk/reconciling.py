"""Zendesk's own word on what was deleted, archived or removed."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from tasks.zendesk.client import ZendeskClient
from tasks.zendesk.parse import parse_envelope
from tasks.zendesk.records import AI_AGENT, DeletedTicket
from tasks.zendesk.streams.listed import iter_bodies

SEARCH_ROWS = 1_000


class _Id(msgspec.Struct):
    id: int


class _DeletedTickets(msgspec.Struct):
    deleted_tickets: list[DeletedTicket]


class _DeletedUsers(msgspec.Struct):
    deleted_users: list[_Id]


class _Result(msgspec.Struct):
    id: int
    support_type: str | None = None


class _Results(msgspec.Struct):
    results: list[_Result]


class _Articles(msgspec.Struct):
    articles: list[_Id]


def iter_deleted_tickets(client: ZendeskClient) -> Iterator[tuple[int, datetime]]:
    """(id, when) of the tickets deleted within 30 days; permanently deleted ones are not there."""
    for body in iter_bodies(client, "deleted_tickets", "/api/v2/deleted_tickets", {}):
        for one in parse_envelope(body, _DeletedTickets).deleted_tickets:
            yield one.id, one.deleted_at


def iter_deleted_users(client: ZendeskClient) -> Iterator[int]:
    """The ids of the users deleted within 30 days."""
    for body in iter_bodies(client, "deleted_users", "/api/v2/deleted_users", {}):
        for one in parse_envelope(body, _DeletedUsers).deleted_users:
            yield one.id


def iter_article_ids(client: ZendeskClient) -> Iterator[int]:
    """The ids of every article that the Help Center has."""
    for body in iter_bodies(client, "articles", "/api/v2/help_center/articles", {}):
        for one in parse_envelope(body, _Articles).articles:
            yield one.id


def iter_found_tickets(
    client: ZendeskClient, since: datetime, before: datetime | None = None
) -> Iterator[list[int]]:
    """The ids of the tickets updated since, and before, archived ones too, page by page.

    The search's cursor lives for an hour: it is read at once and never stored.
    """
    query = f"updated>={since:%Y-%m-%dT%H:%M:%SZ}"
    if before is not None:
        query += f" updated<{before:%Y-%m-%dT%H:%M:%SZ}"
    params: dict[str, str | int] = {
        "query": query,
        "filter[type]": "ticket",
        "page[size]": SEARCH_ROWS,
    }
    for body in iter_bodies(client, "search", "/api/v2/search/export", params):
        found = parse_envelope(body, _Results).results
        yield [one.id for one in found if one.support_type != AI_AGENT]
