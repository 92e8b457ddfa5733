"""Metric sets: Zendesk's own measures of a ticket.

Source: Zendesk's articles 4408834848154 and 4408821871642 on native durations: they begin with the
ticket's creation, and the time in a status is added when the status changes.
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from sandbox.world import paths
from sandbox.world.tickets import Ticket
from sandbox.zendesk.shapes import ids
from sandbox.zendesk.shapes.ids import iso

Spans = tuple[tuple[int, int], ...]
ENDED = ("solved", "closed")
REQUESTER_WAITS = ("new", "open", "hold")


@dataclass(frozen=True)
class Facts:
    """What follows from the steps that have happened, whatever their instants.

    Each is a tuple of steps, or of spans (first step, last step).
    """

    replies: tuple[int, ...]
    solved: tuple[int, ...]
    assigned: tuple[int, ...]
    by_agent: tuple[int, ...]
    by_customer: tuple[int, ...]
    changes: tuple[int, ...]
    comments: tuple[int, ...]
    reply: Spans | None
    first_resolution: Spans | None
    full_resolution: Spans | None
    agent_waits: Spans
    requester_waits: Spans
    holds: Spans


@cache
def facts_of(word: str, count: int, *, bot: bool) -> Facts:
    """The facts of a path of which ``count`` steps have happened."""
    letters, statuses = word[:count], paths.status_words(word)[:count]
    solved = _entering(statuses, ENDED)
    done = statuses[-1] in ENDED
    changes = tuple(at for at in range(count) if at == 0 or statuses[at] != statuses[at - 1])
    return Facts(
        replies=_steps(letters, "RrHS"),
        solved=solved,
        assigned=_assigned(letters, bot=bot),
        by_agent=tuple(at for at, letter in enumerate(letters) if letter not in "CVQOGK"),
        by_customer=_steps(letters, "CVQOG"),
        changes=changes,
        comments=_steps(letters, "".join(paths.COMMENTED)),
        reply=_first_reply(letters),
        first_resolution=((0, solved[0]),) if solved else None,
        full_resolution=((0, solved[-1]),) if done else None,
        agent_waits=_spans(statuses, changes, ("pending",)),
        requester_waits=_spans(statuses, changes, REQUESTER_WAITS),
        holds=_spans(statuses, changes, ("hold",)),
    )


def metric_set_shape(ticket: Ticket, base_url: str) -> dict[str, Any]:
    """The native metrics; minutes are whole seconds // 60, of finished spans only."""
    facts = facts_of(ticket.word, len(ticket.times), bot=ticket.bot)
    metric_id = ticket.setting.base + ids.METRIC_SETS_AT + ticket.number
    told = {
        "url": f"{base_url}/api/v2/ticket_metrics/{metric_id}.json",
        "id": metric_id,
        "ticket_id": ticket.number,
        "created_at": iso(ticket.created_at),
        "updated_at": iso(ticket.updated_at),
        "group_stations": 2 if "X" in ticket.letters else 1,
        "assignee_stations": len(facts.assigned),
        "reopens": ticket.letters.count("O"),
        "replies": len(facts.replies),
    }
    told |= _instants(ticket, facts)
    told |= _durations(ticket, facts)
    return told


def _instants(ticket: Ticket, facts: Facts) -> dict[str, Any]:
    times = [iso(at) for at in ticket.times]
    return {
        "assignee_updated_at": times[facts.by_agent[-1]] if facts.by_agent else None,
        "requester_updated_at": times[facts.by_customer[-1] if facts.by_customer else 0],
        "status_updated_at": times[facts.changes[-1]],
        "initially_assigned_at": times[facts.assigned[0]] if facts.assigned else None,
        "assigned_at": times[facts.assigned[-1]] if facts.assigned else None,
        "solved_at": times[facts.full_resolution[0][1]] if facts.full_resolution else None,
        "latest_comment_added_at": times[facts.comments[-1]],
        "custom_status_updated_at": times[facts.changes[-1]],
    }


def _durations(ticket: Ticket, facts: Facts) -> dict[str, Any]:
    times, reply = ticket.times, facts.reply
    seconds = times[reply[0][1]] - times[reply[0][0]] if reply else None
    return {
        "reply_time_in_minutes": minutes(ticket, reply),
        "reply_time_in_seconds": {"calendar": seconds},
        "first_resolution_time_in_minutes": minutes(ticket, facts.first_resolution),
        "full_resolution_time_in_minutes": minutes(ticket, facts.full_resolution),
        "agent_wait_time_in_minutes": minutes(ticket, facts.agent_waits),
        "requester_wait_time_in_minutes": minutes(ticket, facts.requester_waits),
        "on_hold_time_in_minutes": minutes(ticket, facts.holds),
    }


def minutes(ticket: Ticket, spans: Spans | None) -> dict[str, int | None]:
    """Calendar and business minutes of spans between steps; null where there is no span list."""
    if spans is None:
        return {"calendar": None, "business": None}
    elapsed, business = 0, 0.0
    times, open_times = ticket.times, ticket.business
    for start, end in spans:
        elapsed += times[end] - times[start]
        business += open_times[end] - open_times[start]
    return {"calendar": elapsed // 60, "business": int(business + 1e-6) // 60}


def _steps(letters: str, wanted: str) -> tuple[int, ...]:
    return tuple(at for at, letter in enumerate(letters) if letter in wanted)


def _spans(statuses: tuple[str, ...], changes: tuple[int, ...], wanted: tuple[str, ...]) -> Spans:
    """The spans between changes of status in which it is one of the wanted."""
    return tuple((at, then) for at, then in pairwise(changes) if statuses[at] in wanted)


def _entering(statuses: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[int, ...]:
    """The steps at which the status becomes one of the wanted."""
    return tuple(
        at
        for at, status in enumerate(statuses)
        if status in wanted and (at == 0 or statuses[at - 1] not in wanted)
    )


def _assigned(letters: str, *, bot: bool) -> tuple[int, ...]:
    """The steps at which the assignee changes: the first agent takes it, a transfer moves it."""
    if bot:
        return (0,)
    taken = _steps(letters, "AVc")[:1]
    return taken + _steps(letters, "X") if taken else ()


def _first_reply(letters: str) -> Spans | None:
    """From creation to the first public comment of an agent after it; a call is none."""
    answered = [at for at in _steps(letters, "RrHS") if at > 0][:1]
    return ((0, answered[0]),) if answered else None
