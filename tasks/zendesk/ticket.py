"""One ticket read by itself: its audits as events, its metric events; and tickets by their ids.

For what the lists do not tell, and for what went missing or was redacted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from tasks.zendesk.client import ZendeskClient
from tasks.zendesk.page import Page
from tasks.zendesk.parse import parse_envelope, parse_page
from tasks.zendesk.records import (
    Audit,
    AuditEvent,
    ChildEvent,
    MetricEvent,
    Ticket,
    TicketEvent,
    User,
    of_agents,
)
from tasks.zendesk.rows.events import COMMENTS, REDACTIONS, STATES
from tasks.zendesk.rows.tickets import channel_of
from tasks.zendesk.streams.listed import iter_bodies, joined

AT_ONCE = 100
CHANGES = {"Create", "Change"}
# What the export has of an audit: not the notifications that went out.
KEPT = CHANGES | COMMENTS | REDACTIONS | {"SatisfactionRating"}
UNREAD_VALUES = {"subject", "tags"}


class _WithMetrics(msgspec.Struct):
    metric_events: dict[str, msgspec.Raw] = {}


class _One(msgspec.Struct):
    ticket: _WithMetrics


def fetch_ticket(client: ZendeskClient, ticket_id: int, *, metrics: bool) -> Page:
    """The ticket's events ("ticket_events") and, if asked for, its metric events.

    Raises: NotFoundError where Zendesk has it no longer.
    """
    path = f"/api/v2/tickets/{ticket_id}"
    pages = [
        parse_page(body, {"audits": Audit})
        for body in iter_bodies(client, "audits", f"{path}/audits", {})
    ]
    whole = as_events(joined(pages))
    return joined([whole, _metric_events(client, path)]) if metrics else whole


def as_events(page: Page) -> Page:
    """A page of audits as a page of ticket events."""
    events = [_event(one) for one in page.records.get("audits", [])]
    return Page({"ticket_events": events}, page.bad, None, page.unknown)


def iter_tickets(client: ZendeskClient, ids: Sequence[int]) -> Iterator[Page]:
    """These tickets with their people and `comment_count`, a hundred at a time."""
    for at in range(0, len(ids), AT_ONCE):
        some = ",".join(str(one) for one in ids[at : at + AT_ONCE])
        params = {"ids": some, "include": "metric_sets,users,comment_count"}
        body = client.get("/api/v2/tickets/show_many", params)
        page = parse_page(body, {"tickets": Ticket, "users": User})
        tickets = of_agents(page.records.get("tickets", []))
        yield replace(page, records={**page.records, "tickets": tickets})


def _metric_events(client: ZendeskClient, path: str) -> Page:
    body = client.get(path, {"include": "metric_events"})
    told = parse_envelope(body, _One).ticket.metric_events
    pages = []
    for events in told.values():
        pages.append(
            parse_page(
                b'{"ticket_metric_events":' + bytes(events) + b"}",
                {"ticket_metric_events": MetricEvent},
            )
        )
    return joined(pages)


def _event(audit: Audit) -> TicketEvent:
    """The audit in the form in which the export has it."""
    return TicketEvent(
        id=audit.id,
        ticket_id=audit.ticket_id,
        created_at=audit.created_at,
        updater_id=audit.author_id,
        via=channel_of(audit.via),
        child_events=[_child(one, audit) for one in audit.events or () if one.type in KEPT],
    )


def _child(one: AuditEvent, audit: Audit) -> ChildEvent:
    child = ChildEvent(
        id=one.id,
        event_type=one.type,
        author_id=one.author_id,
        public=one.public,
        body=one.body,
        plain_body=one.plain_body,
        html_body=one.html_body,
        attachments=one.attachments,
        data=one.data,
        via=audit.via,
        comment_id=one.comment_id,
        previous_value=one.previous_value,
    )
    if one.type in CHANGES and one.field_name in {*STATES, *UNREAD_VALUES}:
        setattr(child, one.field_name, _value(one))
    elif one.type == "SatisfactionRating":
        child.event_type, child.satisfaction_score = "Change", one.score
    return child


def _value(one: AuditEvent) -> Any:
    """As the field's type wants it: those whose values are not read are kept unread."""
    if one.field_name in UNREAD_VALUES:
        return msgspec.Raw(msgspec.json.encode(one.value))
    return one.value
