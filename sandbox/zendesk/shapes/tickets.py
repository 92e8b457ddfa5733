"""Tickets and their metric sets."""

from typing import Any

from sandbox.world.scenarios import SCENARIOS
from sandbox.world.tickets import Ticket
from sandbox.zendesk.shapes import ids
from sandbox.zendesk.shapes.ids import iso
from sandbox.zendesk.shapes.via import via_of

STATUS_IDS = {"new": 1, "open": 2, "pending": 3, "hold": 6, "solved": 5, "closed": 5, "deleted": 5}
REQUESTER_WAITS = frozenset({"new", "open", "hold"})


def ticket_shape(ticket: Ticket, base_url: str, *, sideload: str | None = None) -> dict[str, Any]:
    """A ticket; ``sideload`` "metric_set" puts its metric set inside, as the exports do."""
    setting = ticket.setting
    people = ticket.people
    customer = ticket.customer
    last = ticket.last
    assignee = ticket.assignee_at(last)
    opened = ticket.talk.turns[0]
    raised = ticket.word[0] == "c"
    description = call_words(ticket) if ticket.channel == "voice" else opened.body
    told = {
        "url": f"{base_url}/api/v2/tickets/{ticket.number}.json",
        "id": ticket.number,
        "external_id": None,
        "via": via_of(ticket),
        "created_at": iso(ticket.created_at),
        "updated_at": iso(ticket.updated_at),
        "generated_timestamp": ticket.generated_at,
        "type": "incident" if ticket.story == "outage" else "question",
        "subject": ticket.talk.subject,
        "raw_subject": ticket.talk.subject,
        "description": description,
        "priority": ticket.priority_at(last),
        "status": ticket.status,
        "recipient": f"support@{setting.account}.example.com" if ticket.channel == "email" else None,
        "requester_id": customer.id,
        "submitter_id": people.agent(ticket.agent_at(0)).id if raised else customer.id,
        "assignee_id": None if assignee is None else people.agent(assignee).id,
        "organization_id": organization_id(ticket),
        "group_id": ids.group_id(setting, ticket.group_at(last)),
        "collaborator_ids": [],
        "follower_ids": [],
        "email_cc_ids": [],
        "forum_topic_id": None,
        "problem_id": None,
        "has_incidents": False,
        "is_public": True,
        "due_at": None,
        "tags": tags_at(ticket, last),
        "custom_fields": custom_fields(ticket),
        "satisfaction_rating": _satisfaction(ticket),
        "sharing_agreement_ids": [],
        "custom_status_id": setting.base + ids.STATUSES_AT + STATUS_IDS[ticket.status],
        "encoded_id": f"{setting.account[:2].upper()}{ticket.number:X}-{ticket.number * 7919 % 46656:04X}",
        "fields": custom_fields(ticket),
        "followup_ids": [],
        "ticket_form_id": setting.base + ids.FORMS_AT,
        "brand_id": ids.brand_id(setting, ticket.requester),
        "allow_channelback": False,
        "allow_attachments": True,
        "from_messaging_channel": ticket.channel == "native_messaging",
        "support_type": "ai_agent" if ticket.bot else "agent",
    }
    if sideload:
        told[sideload] = metric_set_shape(ticket, base_url)
    return told


def organization_id(ticket: Ticket) -> int | None:
    """The id of the requester's company."""
    number = ticket.customer.organization
    return None if number is None else ticket.people.organization(number).id


def tags_at(ticket: Ticket, step: int) -> list[str]:
    """The tags after a step, sorted as Zendesk sorts them."""
    tags = set(SCENARIOS[ticket.scenario].tags)
    done = ticket.word[: step + 1]
    if "P" in done:
        tags.add("escalated")
    if "O" in done:
        tags.add("reopened")
    if "M" in done:
        tags.add("closed_by_merge")
    if ticket.setting.dice.salt % 3 == ticket.requester % 17:
        tags.add("vip")
    return sorted(tags)


def custom_fields(ticket: Ticket) -> list[dict[str, Any]]:
    """The account's two custom fields."""
    base = ticket.setting.base + ids.FIELDS_AT
    slots = ticket.talk.slots
    product = slots["product"].replace(" ", "_")
    return [{"id": base + 20, "value": slots["order"]}, {"id": base + 21, "value": product}]


def call_words(ticket: Ticket) -> str:
    """The body of a voice comment."""
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


def metric_set_shape(ticket: Ticket, base_url: str) -> dict[str, Any]:
    """The native metrics; minutes are whole seconds // 60, of finished spans only."""
    times, statuses, letters = ticket.times, ticket.statuses, ticket.letters
    metric_id = ticket.setting.base + ids.METRIC_SETS_AT + ticket.number
    replies = [step for step, letter in enumerate(letters) if letter in "RrHS"]
    ends = [step for step, status in enumerate(statuses) if status in ("solved", "closed")]
    solved = _solving_steps(statuses)
    assigned = [step for step in range(len(letters)) if _assigns(ticket, step)]
    done = statuses[-1] in ("solved", "closed")
    reply = _first_reply(ticket)
    by_agent = [step for step, letter in enumerate(letters) if letter not in "CVQOGK"]
    by_customer = [step for step, letter in enumerate(letters) if letter in "CVQOG"]
    changes = [s for s in range(len(statuses)) if s == 0 or statuses[s] != statuses[s - 1]]
    comments = [turn.step for turn in ticket.talk.turns if turn.step <= ticket.last]
    return {
        "url": f"{base_url}/api/v2/ticket_metrics/{metric_id}.json",
        "id": metric_id,
        "ticket_id": ticket.number,
        "created_at": iso(ticket.created_at),
        "updated_at": iso(ticket.updated_at),
        "group_stations": 2 if "X" in letters else 1,
        "assignee_stations": len(assigned),
        "reopens": letters.count("O"),
        "replies": len(replies),
        "assignee_updated_at": iso(times[by_agent[-1]]) if by_agent else None,
        "requester_updated_at": iso(times[by_customer[-1]]) if by_customer else iso(times[0]),
        "status_updated_at": iso(times[changes[-1]]),
        "initially_assigned_at": iso(times[assigned[0]]) if assigned else None,
        "assigned_at": iso(times[assigned[-1]]) if assigned else None,
        "solved_at": iso(times[solved[-1]]) if done else None,
        "latest_comment_added_at": iso(times[comments[-1]]),
        "custom_status_updated_at": iso(times[changes[-1]]),
        "reply_time_in_minutes": minutes(ticket, [reply] if reply else None),
        "reply_time_in_seconds": {"calendar": times[reply[1]] - times[reply[0]] if reply else None},
        "first_resolution_time_in_minutes": minutes(ticket, [(0, solved[0])] if ends else None),
        "full_resolution_time_in_minutes": minutes(ticket, [(0, solved[-1])] if done else None),
        "agent_wait_time_in_minutes": minutes(ticket, spans_in(statuses, frozenset({"pending"}))),
        "requester_wait_time_in_minutes": minutes(ticket, spans_in(statuses, REQUESTER_WAITS)),
        "on_hold_time_in_minutes": minutes(ticket, spans_in(statuses, frozenset({"hold"}))),
    }  # fmt: skip


def minutes(ticket: Ticket, spans: list[tuple[int, int]] | None) -> dict[str, int | None]:
    """Calendar and business minutes of spans between steps; null where there is no span list."""
    if spans is None:
        return {"calendar": None, "business": None}
    times, calendar = ticket.times, ticket.setting.calendar
    elapsed = sum(times[end] - times[start] for start, end in spans)
    business = sum(calendar.seconds_between(times[start], times[end]) for start, end in spans)
    return {"calendar": elapsed // 60, "business": int(business + 1e-6) // 60}


def spans_in(statuses: tuple[str, ...], wanted: frozenset[str]) -> list[tuple[int, int]]:
    """The finished spans of steps in which the status is one of the wanted."""
    return [(at, at + 1) for at in range(len(statuses) - 1) if statuses[at] in wanted]


def _solving_steps(statuses: tuple[str, ...]) -> list[int]:
    ended = ("solved", "closed")
    return [
        step
        for step, status in enumerate(statuses)
        if status in ended and (step == 0 or statuses[step - 1] not in ended)
    ]


def _first_reply(ticket: Ticket) -> tuple[int, int] | None:
    asked = next((at for at, letter in enumerate(ticket.letters) if letter in "CQO"), -1)
    if asked < 0:
        return None
    answers = (at for at, letter in enumerate(ticket.letters) if letter in "RrHS" and at > asked)
    answered = next(answers, None)
    return None if answered is None else (asked, answered)


def _assigns(ticket: Ticket, step: int) -> bool:
    now = ticket.assignee_at(step)
    before = ticket.assignee_at(step - 1) if step else None
    return now is not None and now != before
