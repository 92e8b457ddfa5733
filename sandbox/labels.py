"""The truth behind a ticket: what it is about, how its customer feels, what its agent skipped."""

from typing import Any

from sandbox.world.articles import SOP_TITLE
from sandbox.world.tickets import Ticket
from sandbox.zendesk.shapes import ids
from sandbox.zendesk.shapes.calls import call_number, call_sid

MET, NOT_MET, NOT_APPLICABLE = "met", "not_met", "not_applicable"
ACCOUNT_CHANGE = "account_change"


def label_of(ticket: Ticket) -> dict[str, Any]:
    """The truth about a ticket. A verdict of None is one that two people could dispute."""
    return {
        "ticket_id": ticket.number,
        "category": ticket.story,
        "channel": ticket.channel,
        "support_type": "ai_agent" if ticket.bot else "agent",
        "deleted": bool(ticket.deleted_at),
        "canary": ticket.canary if ticket.canary >= 0 else None,
        "agent_id": ticket.people.agent(ticket.agent).id,
        "careless": ticket.careless,
        "rating": ticket.score if ticket.score in ("good", "bad") else None,
        "sentiment": _sentiment(ticket),
        "sop": _procedure(ticket),
        "call": _call(ticket),
    }


def _sentiment(ticket: Ticket) -> dict[str, Any]:
    turns = [
        {
            "comment_id": ids.audit_id(ticket.setting, ticket.number, turn.step) + 1,
            "value": turn.sentiment,
        }
        for turn in ticket.talk.turns
        if turn.sentiment is not None and turn.step <= ticket.last
    ]
    values = [turn["value"] for turn in turns]
    if not values:
        return {"turns": [], "start": None, "end": None, "lowest": None}
    return {"turns": turns, "start": values[0], "end": values[-1], "lowest": min(values)}


def _procedure(ticket: Ticket) -> dict[str, Any]:
    """The verdict on each step of the one procedure."""
    if ticket.story != ACCOUNT_CHANGE or ticket.bot:
        return {"title": SOP_TITLE, "applies": False, "steps": [], "violated": []}
    verdicts = _spoken(ticket) if ticket.channel == "voice" else _written(ticket)
    steps = [{"step": at, "verdict": verdict} for at, verdict in enumerate(verdicts, start=1)]
    violated = [one["step"] for one in steps if one["verdict"] == NOT_MET]
    return {"title": SOP_TITLE, "applies": True, "steps": steps, "violated": violated}


def _written(ticket: Ticket) -> list[str | None]:
    """Every first answer asks for proof, unless it is already the one that makes the change."""
    letters = ticket.letters
    changed = letters.find("S")
    asked = any(letter in letters[: changed if changed >= 0 else None] for letter in "Rr")
    if not asked and changed < 0:
        return [NOT_APPLICABLE] * 5
    after = MET if changed >= 0 else NOT_APPLICABLE
    return [MET, MET if asked else NOT_MET, MET, after, after]


def _spoken(ticket: Ticket) -> list[str | None]:
    """On the phone the change is made within the call."""
    return [None, NOT_MET if ticket.careless else MET, MET, MET, MET]


def _call(ticket: Ticket) -> dict[str, Any] | None:
    clip = ticket.clip
    if clip is None:
        return None
    return {
        "call_id": call_number(ticket),
        "sid": call_sid(ticket),
        "clip": clip.name,
        "sha256": clip.sha256,
        "duration_seconds": clip.duration_seconds,
        "transcript": clip.text,
        "turns": [{"speaker": speaker, "text": words} for speaker, words in clip.turns],
    }
