"""Tickets and their metric sets."""

from functools import cache
from typing import Any

from sandbox.world.scenarios import SCENARIOS
from sandbox.world.tickets import Ticket
from sandbox.zendesk.shapes import ids
from sandbox.zendesk.shapes.ids import iso
from sandbox.zendesk.shapes.metric_sets import metric_set_shape
from sandbox.zendesk.shapes.via import via_of

STATUS_IDS = {"new": 1, "open": 2, "pending": 3, "hold": 6, "solved": 5, "closed": 5, "deleted": 5}
TAGGED = {"P": "escalated", "O": "reopened", "M": "closed_by_merge"}
ALWAYS: dict[str, Any] = {
    "external_id": None,
    "collaborator_ids": [],
    "follower_ids": [],
    "email_cc_ids": [],
    "forum_topic_id": None,
    "problem_id": None,
    "has_incidents": False,
    "is_public": True,
    "due_at": None,
    "sharing_agreement_ids": [],
    "followup_ids": [],
    "allow_channelback": False,
    "allow_attachments": True,
}


def ticket_shape(ticket: Ticket, base_url: str, *, sideload: str | None = None) -> dict[str, Any]:
    """A ticket; ``sideload`` "metric_set" puts its metric set inside, as the exports do."""
    setting, last = ticket.setting, ticket.last
    told = ALWAYS | {
        "url": f"{base_url}/api/v2/tickets/{ticket.number}.json",
        "id": ticket.number,
        "created_at": iso(ticket.created_at),
        "updated_at": iso(ticket.updated_at),
        "generated_timestamp": ticket.generated_at,
        "priority": ticket.priority_at(last),
        "status": ticket.status,
        "group_id": ids.group_id(setting, ticket.group_at(last)),
        "tags": tags_at(ticket, last),
        "satisfaction_rating": _satisfaction(ticket),
        "custom_status_id": setting.base + ids.STATUSES_AT + STATUS_IDS[ticket.status],
        "encoded_id": f"{setting.account[:2].upper()}-{ticket.number * 7919:X}",
        "ticket_form_id": setting.base + ids.FORMS_AT,
        "brand_id": ids.brand_id(setting, ticket.requester),
        "support_type": "ai_agent" if ticket.bot else "agent",
    }
    told |= _contact(ticket)
    told |= _people(ticket)
    if sideload:
        told[sideload] = metric_set_shape(ticket, base_url)
    return told


def _contact(ticket: Ticket) -> dict[str, Any]:
    """How the ticket came in and with which words."""
    fields, subject = custom_fields(ticket), ticket.talk.subject
    mail = ticket.channel == "email"
    return {
        "via": via_of(ticket),
        "type": "incident" if ticket.story == "outage" else "question",
        "subject": subject,
        "raw_subject": subject,
        "description": ticket.talk.turns[0].body or call_words(ticket),
        "recipient": f"support@{ticket.setting.account}.example.com" if mail else None,
        "custom_fields": fields,
        "fields": fields,
        "from_messaging_channel": ticket.channel == "native_messaging",
    }


def _people(ticket: Ticket) -> dict[str, Any]:
    """Who asks, who wrote it down, who has it."""
    people, requester = ticket.people, ticket.customer.id
    assignee = ticket.assignee_at(ticket.last)
    raised = ticket.word[0] == "c"
    return {
        "requester_id": requester,
        "submitter_id": people.agent(ticket.agent_at(0)).id if raised else requester,
        "assignee_id": None if assignee is None else people.agent(assignee).id,
        "organization_id": organization_id(ticket),
    }


def organization_id(ticket: Ticket) -> int | None:
    """The id of the requester's company."""
    number = ticket.customer.organization
    return None if number is None else ticket.people.organization(number).id


def tags_at(ticket: Ticket, step: int) -> tuple[str, ...]:
    """The tags after a step, sorted as Zendesk sorts them."""
    vip = ticket.setting.dice.salt % 3 == ticket.requester % 17
    return _tags(ticket.scenario, ticket.word[: step + 1], vip=vip)


@cache
def _tags(scenario: int, done: str, *, vip: bool) -> tuple[str, ...]:
    tags = set(SCENARIOS[scenario].tags)
    tags |= {tag for letter, tag in TAGGED.items() if letter in done}
    return tuple(sorted(tags | {"vip"} if vip else tags))


def custom_fields(ticket: Ticket) -> list[dict[str, Any]]:
    """The account's two custom fields."""
    base = ticket.setting.base + ids.FIELDS_AT
    slots = ticket.talk.slots
    product = slots["product"].replace(" ", "_")
    return [
        {"id": base + 20, "value": slots["order"] or None},
        {"id": base + 21, "value": product or None},
    ]


def call_words(ticket: Ticket) -> str:
    """The body of a voice comment, unless it is blackened or scrubbed."""
    clip = ticket.clip
    seconds = int(clip.duration_seconds) if clip else 0
    return (
        f"Inbound call from {ticket.customer.phone}\n"
        f"Time of call: {iso(ticket.created_at)}\n"
        f"Answered by: {ticket.people.agent(ticket.agent_at(0)).name}\n"
        f"Length of phone call: {seconds} seconds"
    )


def _satisfaction(ticket: Ticket) -> dict[str, Any]:
    if ticket.score is None:
        return {"score": "unoffered"}
    if ticket.score == "offered":
        return {"score": "offered"}
    told = {
        "id": ticket.setting.base + ids.RATINGS_AT + ticket.number,
        "score": ticket.score,
        "reason": "No reason provided" if ticket.score == "bad" else None,
        "reason_id": 0 if ticket.score == "bad" else None,
    }
    return told | {"comment": ticket.rating_comment or None}
