"""Ticket events: each is an audit; its children are comments and changes of fields."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from msgspec import UNSET

from tasks.encryption import Sealer
from tasks.zendesk.contents import CommentContent
from tasks.zendesk.page import Page
from tasks.zendesk.records import (
    EMPTY,
    ChildEvent,
    TicketEvent,
    VoiceData,
)
from tasks.zendesk.rows.tickets import channel_of
from warehouse.deletion import Redaction
from warehouse.loading import Rows
from warehouse.tables import zendesk

COMMENTS = {"Comment", "VoiceComment"}
# Fields whose values are ids or states. Of any other field only the name is kept.
STATES = (
    "status",
    "custom_status_id",
    "priority",
    "type",
    "group_id",
    "assignee_id",
    "requester_id",
    "organization_id",
    "brand_id",
    "ticket_form_id",
    "problem_id",
    "schedule_id",
    "satisfaction_score",
)
REDACTIONS = {"CommentRedactionEvent", "AttachmentRedactionEvent"}
# The export says in words what the audits call by the channel's name.
CHANNELS = {
    "Mail": "email",
    "Web form": "web",
    "Web service": "api",
    "Messaging": "native_messaging",
    "Automation": "rule",
    "Rule": "rule",
    "Phone call (incoming)": "voice",
    "Phone call (outgoing)": "voice",
    "Voicemail": "voice",
}
# Zendesk names the target of a merge nowhere but in the words of its own private comment.
MERGED = re.compile(r"merged into request #(\d+)")
AUDIT = ("id", "ticket_id", "author_id", "via_channel", "created_at", "changed_at")
CHANGE = (
    "id",
    "audit_id",
    "ticket_id",
    "event_type",
    "field_name",
    "previous_value",
    "value",
    "created_at",
    "changed_at",
)
COMMENT = (
    "id",
    "ticket_id",
    "author_id",
    "kind",
    "is_public",
    "via_channel",
    "call_id",
    "created_at",
    "changed_at",
)
COMMENT_CONTENT = ("comment_id", "ticket_id", "sealed", "changed_at")
RECORDING = ("call_id", "kind", "ticket_id", "comment_id", "duration_seconds", "changed_at")

Values = list[tuple[object, ...]]


@dataclass
class _Found:
    """The rows of a page of events, by table."""

    audits: Values = field(default_factory=list)
    changes: Values = field(default_factory=list)
    comments: Values = field(default_factory=list)
    contents: Values = field(default_factory=list)
    recordings: Values = field(default_factory=list)


def event_rows(records: Sequence[TicketEvent], sealer: Sealer, cutoff: datetime) -> list[Rows]:
    """Rows of `audits`, `audit_events`, `comments`, `comment_contents` and `recordings`."""
    found = _Found()
    for event in records:
        at = event.created_at
        via = CHANNELS.get(event.via or "", event.via)
        found.audits.append((event.id, event.ticket_id, event.updater_id, via, at, at))
        for child in event.child_events or ():
            if child.event_type in COMMENTS:
                _add_comment(found, event, child)
                if at >= cutoff:
                    sealed = _sealed(event, child, sealer)
                    found.contents.append((child.id, event.ticket_id, sealed, at))
            else:
                found.changes.append(_change(event, child))
    return [
        Rows(zendesk.audits, AUDIT, found.audits),
        Rows(zendesk.audit_events, CHANGE, found.changes),
        Rows(zendesk.comments, COMMENT, found.comments),
        Rows(zendesk.comment_contents, COMMENT_CONTENT, found.contents),
        Rows(zendesk.recordings, RECORDING, found.recordings),
    ]


def _add_comment(found: _Found, event: TicketEvent, child: ChildEvent) -> None:
    """The comment's skeleton, and the merge or the recording that it tells of."""
    voice = voice_of(child)
    found.comments.append(_comment(event, child, voice))
    target = _merge_target(child)
    if target is not None:
        found.changes.append(_merge(event, child, target))
    if voice is not None and voice.recording_url and voice.call_id is not None:
        found.recordings.append(_recording(event, child, voice, voice.call_id))


def merged_tickets(page: Page) -> list[int]:
    """The tickets that a page of events says were merged into another."""
    return [
        event.ticket_id
        for event in page.records.get("ticket_events", ())
        for child in event.child_events or ()
        if child.event_type in COMMENTS and _merge_target(child) is not None
    ]


def redactions(page: Page) -> list[Redaction]:
    """What a page of events says was taken out of tickets' words after they were written."""
    return [
        Redaction(child.id, event.ticket_id, child.comment_id, event.created_at)
        for event in page.records.get("ticket_events", ())
        for child in event.child_events or ()
        if child.event_type in REDACTIONS
    ]


def voice_of(child: ChildEvent) -> VoiceData | None:
    """What a voice comment tells of its call."""
    if child.event_type != "VoiceComment" or child.data is EMPTY:
        return None
    try:
        return msgspec.json.decode(child.data, type=VoiceData)
    except msgspec.ValidationError:
        return None


def _merge_target(child: ChildEvent) -> str | None:
    """The ticket named in the private comment with which Zendesk closes a merged one."""
    found = None if child.public else MERGED.search(child.plain_body or "")
    return None if found is None else found[1]


def _change(event: TicketEvent, child: ChildEvent) -> tuple[object, ...]:
    changed = value = previous = None
    for name in STATES:
        told = getattr(child, name)
        if told is not UNSET:
            changed, value, previous = name, _state(told), _state(child.previous_value)
            break
    else:
        if child.tags is not UNSET:
            changed = "tags"
        elif child.subject is not UNSET:
            changed = "subject"
    return (
        child.id,
        event.id,
        event.ticket_id,
        child.event_type,
        changed,
        previous,
        value,
        event.created_at,
        event.created_at,
    )


def _state(value: object) -> str | None:
    """A state or id as text; NULL for what is neither."""
    return str(value) if isinstance(value, str | int) else None


def _merge(event: TicketEvent, child: ChildEvent, target: str) -> tuple[object, ...]:
    """The merge as a change of its own. Its id is the comment's, negated: no change has it."""
    at = event.created_at
    return (-child.id, event.id, event.ticket_id, "Merge", "merged_into_id", None, target, at, at)


def _comment(event: TicketEvent, child: ChildEvent, voice: VoiceData | None) -> tuple[object, ...]:
    return (
        child.id,
        event.ticket_id,
        child.author_id if child.author_id is not None else event.updater_id,
        child.event_type,
        child.public,
        channel_of(child.via),
        voice.call_id if voice is not None else None,
        event.created_at,
        event.created_at,
    )


def _sealed(event: TicketEvent, child: ChildEvent, sealer: Sealer) -> bytes:
    content = CommentContent(
        child.plain_body if child.plain_body is not None else child.body,
        child.html_body,
        child.attachments,
        child.via,
        child.data,
    )
    return sealer.seal(
        msgspec.json.encode(content),
        column="zendesk.comment_contents.sealed",
        row_id=str(child.id),
        changed_at=event.created_at,
    )


def _recording(
    event: TicketEvent, child: ChildEvent, voice: VoiceData, call_id: int
) -> tuple[object, ...]:
    kind = "voicemail" if voice.recording_type == "voicemail" else "call"
    seconds = str(voice.recording_duration or "")
    duration = int(seconds) if seconds.isdigit() else None
    return (call_id, kind, event.ticket_id, child.id, duration, event.created_at)
