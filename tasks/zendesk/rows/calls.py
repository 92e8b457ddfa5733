"""Talk's calls and legs."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

import msgspec

from tasks.encryption import Sealer
from tasks.zendesk.contents import CallContent
from tasks.zendesk.records import Call, ChildEvent, Leg, TicketEvent, VoiceData
from tasks.zendesk.rows.events import voice_of
from tasks.zendesk.rows.tickets import relation_of
from warehouse.loading import Rows
from warehouse.tables import zendesk

CALL = (
    "id",
    "ticket_id",
    "agent_id",
    "customer_id",
    "group_id",
    "line_id",
    "line_type",
    "direction",
    "completion_status",
    "duration_seconds",
    "wait_seconds",
    "talk_seconds",
    "hold_seconds",
    "wrap_up_seconds",
    "ivr_seconds",
    "exceeded_queue_wait",
    "outside_business_hours",
    "voicemail",
    "callback",
    "recording_consent",
    "recording_consent_action",
    "quality_issues",
    "created_at",
    "changed_at",
)
# Zendesk's names, in the order of `CALL`; quality_issues and the instants follow
CALL_FIELDS = attrgetter(
    "id",
    "ticket_id",
    "agent_id",
    "customer_id",
    "call_group_id",
    "line_id",
    "line_type",
    "direction",
    "completion_status",
    "duration",
    "wait_time",
    "talk_time",
    "hold_time",
    "wrap_up_time",
    "ivr_time_spent",
    "exceeded_queue_wait_time",
    "outside_business_hours",
    "voicemail",
    "callback",
    "call_recording_consent",
    "call_recording_consent_action",
)
CALL_CONTENT = ("call_id", "ticket_id", "sealed", "changed_at")
# What a voice comment tells of its call, where Talk's own export is refused.
VOICE_CALL = (
    "id",
    "ticket_id",
    "agent_id",
    "customer_id",
    "direction",
    "duration_seconds",
    "voicemail",
    "created_at",
    "changed_at",
)
LEG = (
    "id",
    "call_id",
    "agent_id",
    "user_id",
    "type",
    "completion_status",
    "duration_seconds",
    "talk_seconds",
    "hold_seconds",
    "wrap_up_seconds",
    "consultation_seconds",
    "created_at",
    "changed_at",
)


def call_rows(records: Sequence[Call], sealer: Sealer, cutoff: datetime) -> list[Rows]:
    """Rows of `calls` and `call_contents`."""
    contents: list[tuple[object, ...]] = [
        (one.id, one.ticket_id, _sealed(one, sealer), one.updated_at)
        for one in records
        if one.updated_at >= cutoff
    ]
    return [
        Rows(zendesk.calls, CALL, [_call(one) for one in records]),
        Rows(zendesk.call_contents, CALL_CONTENT, contents),
    ]


def voice_call_rows(records: Sequence[TicketEvent], sealer: Sealer, cutoff: datetime) -> list[Rows]:
    """Rows of `calls` and `call_contents` from voice comments: no waits, no outcome, no consent."""
    calls: list[tuple[object, ...]] = []
    contents: list[tuple[object, ...]] = []
    for event in records:
        for child in event.child_events or ():
            voice = voice_of(child)
            if voice is None or voice.call_id is None:
                continue
            at = event.created_at
            calls.append(_voice_call(event, child, voice, voice.call_id))
            if voice.from_number and at >= cutoff:
                content = CallContent(voice.from_number, None)
                sealed = _sealed_call(voice.call_id, content, at, sealer)
                contents.append((voice.call_id, event.ticket_id, sealed, at))
    return [
        Rows(zendesk.calls, VOICE_CALL, calls),
        Rows(zendesk.call_contents, CALL_CONTENT, contents),
    ]


def _voice_call(
    event: TicketEvent, child: ChildEvent, voice: VoiceData, call_id: int
) -> tuple[object, ...]:
    relation = relation_of(child.via)
    seconds = str(voice.call_duration or "")
    return (
        call_id,
        event.ticket_id,
        voice.answered_by_id,
        child.author_id if relation != "outbound" else None,
        relation if relation in {"inbound", "outbound"} else None,
        int(seconds) if seconds.isdigit() else None,
        voice.recording_type == "voicemail",
        voice.started_at or event.created_at,
        event.created_at,
    )


def leg_rows(records: Sequence[Leg], sealer: Sealer, cutoff: datetime) -> list[Rows]:
    """Rows of `call_legs`."""
    return [Rows(zendesk.call_legs, LEG, [_leg(one) for one in records])]


def _call(one: Call) -> tuple[object, ...]:
    issues = ",".join(sorted(one.quality_issues)) if one.quality_issues else None
    return (*CALL_FIELDS(one), issues, one.created_at, one.updated_at)


def _sealed(one: Call, sealer: Sealer) -> bytes:
    return _sealed_call(one.id, CallContent(one.phone_number, one.line), one.updated_at, sealer)


def _sealed_call(call_id: int, content: CallContent, at: datetime, sealer: Sealer) -> bytes:
    return sealer.seal(
        msgspec.json.encode(content),
        column="zendesk.call_contents.sealed",
        row_id=str(call_id),
        changed_at=at,
    )


def _leg(one: Leg) -> tuple[object, ...]:
    return (
        one.id,
        one.call_id,
        one.agent_id or None,
        one.user_id or None,
        one.type,
        one.completion_status,
        one.duration,
        one.talk_time,
        one.hold_time,
        one.wrap_up_time,
        one.consultation_time,
        one.created_at,
        one.updated_at,
    )
