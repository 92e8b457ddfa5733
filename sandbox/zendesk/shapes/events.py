"""Audits, ticket events and comments: three views of the same steps."""

from collections.abc import Callable
from functools import cache
from html import escape
from typing import Any

from sandbox.world import paths
from sandbox.world.people import Person
from sandbox.world.talk import Turn
from sandbox.world.tickets import Ticket
from sandbox.zendesk.shapes import ids
from sandbox.zendesk.shapes.calls import call_number, is_voicemail, recording_url
from sandbox.zendesk.shapes.ids import iso
from sandbox.zendesk.shapes.tickets import STATUS_IDS, call_words, organization_id, tags_at
from sandbox.zendesk.shapes.via import LINE, via_at, via_of, via_word

Change = tuple[str, Any, Any]
NOTHING = object()


def author_at(ticket: Ticket, step: int) -> Person | None:
    """Who acts at a step; None for the automation."""
    letter = ticket.word[step]
    if letter in "CVQOG":
        return ticket.customer
    if letter == "K":
        return None
    return ticket.people.agent(ticket.agent_at(step))


def author_id_at(ticket: Ticket, step: int) -> int:
    """The id of who acts at a step; -1 is Zendesk's own."""
    author = author_at(ticket, step)
    return -1 if author is None else author.id


def turn_at(ticket: Ticket, step: int) -> Turn | None:
    """The comment made at a step."""
    return next((turn for turn in ticket.talk.turns if turn.step == step), None)


def _custom_status_at(ticket: Ticket, step: int) -> str:
    return str(ticket.setting.base + ids.STATUSES_AT + STATUS_IDS[ticket.statuses[step]])


def _assignee_at(ticket: Ticket, step: int) -> str | None:
    assignee = ticket.assignee_at(step)
    return None if assignee is None else str(ticket.people.agent(assignee).id)


# The ticket's fields after a step, in the form that events carry.
FIELDS: dict[str, Callable[[Ticket, int], Any]] = {
    "status": lambda ticket, step: ticket.statuses[step],
    "custom_status_id": _custom_status_at,
    "priority": lambda ticket, step: ticket.priority_at(step),
    "group_id": lambda ticket, step: str(ids.group_id(ticket.setting, ticket.group_at(step))),
    "assignee_id": _assignee_at,
    "tags": tags_at,
}
MOVED = {
    "P": ("priority", "tags"), "X": ("group_id", "assignee_id"), "O": ("tags",), "M": ("tags",),
}  # fmt: skip


@cache
def _movable(word: str, step: int) -> tuple[str, ...]:
    """The fields that a step after the first may change: most change one or none."""
    statuses = paths.status_words(word)
    told = set(MOVED.get(word[step], ()))
    if statuses[step] != statuses[step - 1]:
        told |= {"status", "custom_status_id"}
    if step == paths.taken_step(word):
        told.add("assignee_id")
    return tuple(name for name in FIELDS if name in told)


def changes_at(ticket: Ticket, step: int) -> list[Change]:
    """(field, new value, previous value) of a step; previous is NOTHING on creation."""
    if step:
        changes = (
            (name, FIELDS[name](ticket, step), FIELDS[name](ticket, step - 1))
            for name in _movable(ticket.word, step)
        )
        return [change for change in changes if change[1] != change[2]]
    state = {name: value_at(ticket, 0) for name, value_at in FIELDS.items()}
    organization = organization_id(ticket)
    created = {
        "subject": ticket.talk.subject,
        "requester_id": str(ticket.customer.id),
        "organization_id": None if organization is None else str(organization),
        "brand_id": str(ids.brand_id(ticket.setting, ticket.requester)),
        "type": "incident" if ticket.story == "outage" else "question",
    }
    return [
        (name, value, NOTHING) for name, value in (created | state).items() if value is not None
    ]


def comment_shape(ticket: Ticket, turn: Turn, base_url: str) -> dict[str, Any]:
    """A comment as ``tickets/{id}/comments`` lists it."""
    step = turn.step
    audit = ids.audit_id(ticket.setting, ticket.number, step)
    voice = ticket.word[step] == "V"
    body = turn.body or call_words(ticket)
    told: dict[str, Any] = {
        "id": audit + 1,
        "type": "VoiceComment" if voice else "Comment",
        "author_id": author_id_at(ticket, step),
        "body": body,
        "html_body": html_of(body),
        "plain_body": body,
        "public": turn.public,
        "attachments": [],
        "audit_id": audit,
        "via": via_of(ticket) if turn.by_customer else via_at(ticket, step),
        "created_at": iso(ticket.times[step]),
        "metadata": metadata(ticket, step),
    }
    if voice:
        told |= {"data": voice_data(ticket, base_url), "transcription_visible": False}
        told |= {"formatted_from": ticket.customer.phone, "formatted_to": LINE}
    return told


def voice_data(ticket: Ticket, base_url: str) -> dict[str, Any]:
    """The ``data`` of a voice comment."""
    clip = ticket.clip
    seconds = round(clip.duration_seconds) if clip else 0
    return {
        "from": ticket.customer.phone,
        "to": LINE,
        "recording_url": None if ticket.scrubbed else recording_url(ticket, base_url),
        "recording_duration": str(seconds),
        "call_duration": seconds,
        "call_id": call_number(ticket),
        "answered_by_id": ticket.people.agent(ticket.agent_at(0)).id,
        "answered_by_name": ticket.people.agent(ticket.agent_at(0)).name,
        "transcription_text": None,
        "transcription_status": None,
        "started_at": iso(ticket.created_at - seconds),
        "location": ticket.talk.slots["city"] or None,
        "author_id": ticket.customer.id,
        "public": True,
        "brand_id": ids.brand_id(ticket.setting, ticket.requester),
        "via_id": 45,
        "recorded": True,
        "recording_type": "voicemail" if is_voicemail(ticket) else "call",
    }


def html_of(body: str) -> str:
    """The body as Zendesk wraps it."""
    lines = "<br>".join(escape(body, quote=False).split("\n"))
    return f'<div class="zd-comment" dir="auto"><p dir="auto">{lines}</p></div>'


def metadata(ticket: Ticket, step: int) -> dict[str, Any]:
    """System metadata: where an update came from; nothing is left of it in a scrubbed ticket."""
    if ticket.scrubbed:
        return {"system": {}, "custom": {}}
    host = (ticket.number * 31 + step) % 250 + 1
    system = {"client": "Mozilla/5.0", "ip_address": f"203.0.113.{host}"}
    return {"system": system | {"location": ticket.talk.slots["city"]}, "custom": {}}


def comments_of(ticket: Ticket) -> list[Turn]:
    """The comments that have been made."""
    return [turn for turn in ticket.talk.turns if turn.step <= ticket.last]


def audit_shape(ticket: Ticket, step: int, base_url: str) -> dict[str, Any]:
    """The audit of a step, as ``tickets/{id}/audits`` lists it."""
    return {
        "id": ids.audit_id(ticket.setting, ticket.number, step),
        "ticket_id": ticket.number,
        "created_at": iso(ticket.times[step]),
        "author_id": author_id_at(ticket, step),
        "metadata": metadata(ticket, step),
        "events": _audit_events(ticket, step, base_url),
        "via": via_at(ticket, step),
    }


def _audit_events(ticket: Ticket, step: int, base_url: str) -> list[dict[str, Any]]:
    audit, turn = ids.audit_id(ticket.setting, ticket.number, step), turn_at(ticket, step)
    events: list[dict[str, Any]] = []
    if turn:
        comment = comment_shape(ticket, turn, base_url)
        left_out = ("via", "created_at", "metadata")
        events.append({name: comment[name] for name in comment if name not in left_out})
    for field, value, previous in changes_at(ticket, step):
        event = {"id": audit + 2 + len(events), "type": "Create"}
        event |= {"field_name": field, "value": value}
        if previous is not NOTHING:
            event |= {"type": "Change", "previous_value": previous}
        events.append(event)
    if ticket.word[step] == "G":
        events.append(_rating_event(ticket, audit + 2 + len(events)))
    if turn and turn.public and not turn.by_customer:
        events.append(_notification(ticket, audit + 2 + len(events)))
    return events


def _rating_event(ticket: Ticket, event_id: int) -> dict[str, Any]:
    assignee = ticket.assignee_at(ticket.last)
    return {
        "id": event_id,
        "type": "SatisfactionRating",
        "score": ticket.score,
        "assignee_id": None if assignee is None else ticket.people.agent(assignee).id,
        "body": ticket.rating_comment or None,
    }


def _notification(ticket: Ticket, event_id: int) -> dict[str, Any]:
    trigger = {"deleted": False, "title": "Notify requester of comment update"}
    return {
        "id": event_id,
        "type": "Notification",
        "via": {"channel": "rule", "source": {"from": trigger, "to": {}, "rel": "trigger"}},
        "subject": f"[{ticket.setting.account}] Re: {{{{ticket.title}}}}",
        "body": "Your request ({{ticket.id}}) has been updated.",
        "recipients": [ticket.customer.id],
    }


def ticket_event_shape(
    ticket: Ticket, step: int, base_url: str, *, comment_events: bool
) -> dict[str, Any]:
    """The same step as ``incremental/ticket_events`` exports it."""
    audit = ids.audit_id(ticket.setting, ticket.number, step)
    via = via_word(ticket, step)
    children = _comment_children(ticket, step, base_url, whole=comment_events)
    changes = changes_at(ticket, step)
    if ticket.word[step] == "G":
        changes.append(("satisfaction_score", ticket.score, "offered"))
    first = audit + 2 + len(children)
    children += [_child(first + at, via, change) for at, change in enumerate(changes)]
    return {
        "child_events": children,
        "id": audit,
        "ticket_id": ticket.number,
        "timestamp": ticket.times[step],
        "created_at": iso(ticket.times[step]),
        "updater_id": author_id_at(ticket, step),
        "via": via,
        "system": metadata(ticket, step)["system"],
        "metadata": {},
        "event_type": "Audit",
    }


def _comment_children(
    ticket: Ticket, step: int, base_url: str, *, whole: bool
) -> list[dict[str, Any]]:
    """The comment of a step: as it is, or only the fact that there is one."""
    turn = turn_at(ticket, step)
    if turn is None:
        return []
    if whole:
        comment = comment_shape(ticket, turn, base_url)
        del comment["metadata"]
        return [comment | {"via_reference_id": None, "event_type": comment["type"]}]
    flags = {"comment_present": True, "comment_public": turn.public, "event_type": "Comment"}
    event_id = ids.audit_id(ticket.setting, ticket.number, step) + 1
    return [{"id": event_id, "via": via_word(ticket, step), "via_reference_id": None} | flags]


def _child(event_id: int, via: str, change: Change) -> dict[str, Any]:
    field, value, previous = change
    told = {"id": event_id, "via": via, "via_reference_id": None, field: value}
    if previous is NOTHING:
        return told | {"event_type": "Create"}
    if field == "tags":
        added = sorted(set(value) - set(previous))
        removed = sorted(set(previous) - set(value))
        told |= {"added_tags": added, "removed_tags": removed}
    return told | {"previous_value": previous, "event_type": "Change"}
