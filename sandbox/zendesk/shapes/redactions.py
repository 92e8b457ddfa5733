"""Redactions: two views of what blackened a comment."""

from typing import Any

from sandbox.world.account import REDACTED
from sandbox.world.tickets import Ticket
from sandbox.zendesk.shapes import ids
from sandbox.zendesk.shapes.ids import iso

EVENTS_AT = 32  # behind the ids of the audits; there is one of each for each step


def _events(ticket: Ticket, at: int) -> list[dict[str, Any]]:
    """The events of the redactions made at an instant."""
    first = ids.audit_id(ticket.setting, ticket.number, REDACTED) + EVENTS_AT
    return [
        {
            "id": first + step,
            "type": "CommentRedactionEvent",
            "comment_id": ids.audit_id(ticket.setting, ticket.number, step) + 1,
        }
        for step in _redacted_at(ticket, at)
    ]


def _audit_id(ticket: Ticket, at: int) -> int:
    """The id of the audit of the redactions made at an instant, whatever was redacted before."""
    return ids.audit_id(ticket.setting, ticket.number, REDACTED) + min(_redacted_at(ticket, at))


def _redacted_at(ticket: Ticket, at: int) -> list[int]:
    """The steps whose comments were redacted at an instant."""
    return sorted(step for step, redacted_at in ticket.redactions if redacted_at == at)


def redaction_audit_shape(ticket: Ticket, at: int) -> dict[str, Any]:
    """The audit of redactions, as ``tickets/{id}/audits`` lists it: by the administrator."""
    return {
        "id": _audit_id(ticket, at),
        "ticket_id": ticket.number,
        "created_at": iso(at),
        "author_id": ticket.people.agent(-1).id,
        "metadata": {"system": {}, "custom": {}},
        "events": _events(ticket, at),
        "via": {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}},
    }


def redaction_event_shape(ticket: Ticket, at: int) -> dict[str, Any]:
    """The same as ``incremental/ticket_events`` exports it."""
    told = redaction_audit_shape(ticket, at)
    children = []
    for event in told.pop("events"):
        kind = event.pop("type")
        children.append(event | {"event_type": kind, "via": "Web form", "via_reference_id": None})
    told |= {"child_events": children, "timestamp": at, "via": "Web form", "system": {}}
    return told | {"updater_id": told.pop("author_id"), "event_type": "Audit"}
