"""Calls and legs of Zendesk Talk."""

from typing import Any

from sandbox.world.index import ABANDONED_BEFORE, Place
from sandbox.world.scenarios import GROUPS
from sandbox.world.tickets import Ticket
from sandbox.zendesk.shapes import ids
from sandbox.zendesk.shapes.ids import iso
from sandbox.zendesk.shapes.via import LINE

ALWAYS: dict[str, Any] = {
    "line_type": "phone",
    "direction": "inbound",
    "hold_time": 0,
    "consultation_time": 0,
    "customer_requested_voicemail": False,
    "voicemail": False,
    "exceeded_queue_wait_time": False,
    "default_group": False,
    "callback": False,
    "callback_source": None,
    "overflowed": False,
    "overflowed_to": None,
    "ivr_time_spent": 12,
    "ivr_hops": 1,
    "ivr_action": "group_route",
    "ivr_routed_to": None,
    "recording_control_interactions": 0,
    "call_channel": "pstn",
    "quality_issues": ["none"],
    "post_call_transcription_created": "false",
    "post_call_summary_created": "false",
}


def call_number(ticket: Ticket) -> int:
    """The id of the call that opened the ticket."""
    return ticket.setting.base + ids.CALLS_AT + ticket.number * 2


def call_sid(ticket: Ticket) -> str:
    """The carrier's id of the call, as it stands in recording URLs."""
    return f"CA{ticket.setting.dice.salt % 16**16:016x}{ticket.number:016x}"


def number_of_sid(sid: str) -> int | None:
    """The ticket number in a carrier's id; None when it is not one of ours."""
    if len(sid) != 34 or not sid.startswith("CA"):
        return None
    try:
        return int(sid[18:], 16)
    except ValueError:
        return None


def recording_url(ticket: Ticket, base_url: str) -> str:
    """Where the recording is served, for who may read the account: a voicemail is elsewhere."""
    kind = "voicemail/recording" if is_voicemail(ticket) else "recording"
    return f"{base_url}/api/v2/channels/voice/calls/{call_sid(ticket)}/twilio/{kind}"


def call_shape(ticket: Ticket, place: Place) -> dict[str, Any]:
    """A call; step 1 of a ticket's calls is the one that was given up before."""
    return _abandoned(ticket) if place.step else _answered(ticket)


def _answered(ticket: Ticket) -> dict[str, Any]:
    clip = ticket.clip
    seconds = round(clip.duration_seconds) if clip else 0
    wait = 5 + ticket.number * 37 % 80
    agent = ticket.agent_at(0)
    return _call(
        ticket, call_number(ticket), ticket.created_at - seconds - wait, ticket.created_at
    ) | {
        "agent_id": ticket.people.agent(agent).id,
        "completion_status": "completed",
        "duration": seconds + wait,
        "talk_time": seconds,
        "wait_time": wait,
        "time_to_answer": wait,
        "wrap_up_time": 15 + ticket.number % 40,
        "ticket_id": ticket.number,
        "call_group_id": ids.group_id(ticket.setting, ticket.group_at(0)),
        "ivr_destination_group_name": GROUPS[ticket.group_at(0)],
        "recording_time": seconds,
        "not_recording_time": 0,
        "minutes_billed": -(-seconds // 60),
        "call_charge": f"{0.0085 * -(-seconds // 60):.6f}",
        "voicemail": is_voicemail(ticket),
    }


def _abandoned(ticket: Ticket) -> dict[str, Any]:
    wait = 40 + ticket.number * 53 % 240
    at = ticket.created_at - ABANDONED_BEFORE
    return _call(ticket, call_number(ticket) + 1, at - wait, at) | {
        "agent_id": None,
        "completion_status": "abandoned_in_queue",
        "duration": wait,
        "talk_time": 0,
        "wait_time": wait,
        "time_to_answer": None,
        "wrap_up_time": None,
        "ticket_id": None,
        "call_group_id": None,
        "ivr_destination_group_name": None,
        "recording_time": 0,
        "not_recording_time": 0,
        "minutes_billed": -(-wait // 60),
        "call_charge": f"{0.0085 * -(-wait // 60):.6f}",
    }


def _call(ticket: Ticket, call_id: int, started: int, ended: int) -> dict[str, Any]:
    consent, action, key = consent_of(ticket)
    return ALWAYS | {
        "id": call_id,
        "created_at": iso(started),
        "updated_at": iso(ended),
        "customer_id": ticket.customer.id,
        "phone_number": LINE,
        "phone_number_id": ticket.setting.base + ids.LINES_AT,
        "line": LINE,
        "line_id": ticket.setting.base + ids.LINES_AT,
        "outside_business_hours": not ticket.setting.calendar.is_open(started),
        "call_recording_consent": consent,
        "call_recording_consent_action": action,
        "call_recording_consent_keypress": key,
    }


def consent_of(ticket: Ticket) -> tuple[str, str | None, str | None]:
    """The line's way of asking to record, what the caller did, and by which key."""
    if ticket.number % 11 == 5:
        return "opt_out", "caller_opted_out", "3"
    if ticket.number % 4 == 0:
        return "always", None, None
    return "opt_in", "caller_opted_in", "3"


def is_voicemail(ticket: Ticket) -> bool:
    """Whether what was recorded is a message, left when nobody answered in time."""
    return ticket.number % 9 == 4


def leg_shapes(ticket: Ticket, place: Place) -> list[dict[str, Any]]:
    """The legs of a call: the customer's, and the agent's when it was answered."""
    call = call_shape(ticket, place)
    leg_id = ticket.setting.base + ids.LEGS_AT + (ticket.number * 2 + place.step) * 2
    customer = _leg(call, leg_id) | {
        "type": "customer",
        "user_id": ticket.customer.id,
        "agent_id": 0,
        "completion_status": "completed" if place.step == 0 else "customer_hang_up",
        "available_via": None,
    }
    if place.step:
        return [customer]
    agent = _leg(call, leg_id + 1) | {
        "type": "agent",
        "user_id": 0,
        "agent_id": call["agent_id"],
        "completion_status": "completed",
        "available_via": "browser",
        "wrap_up_time": call["wrap_up_time"],
    }
    return [customer, agent]


def _leg(call: dict[str, Any], leg_id: int) -> dict[str, Any]:
    copied = (
        "created_at", "updated_at", "duration", "talk_time", "hold_time", "minutes_billed",
        "call_charge", "quality_issues",
    )  # fmt: skip
    absent = (
        "conference_from", "conference_time", "conference_to", "consultation_from",
        "consultation_time", "consultation_to", "forwarded_to", "transferred_from",
        "transferred_to", "wrap_up_time",
    )  # fmt: skip
    told: dict[str, Any] = {"id": leg_id, "call_id": call["id"]}
    return told | {name: call[name] for name in copied} | dict.fromkeys(absent)
