"""Single records and ordinary lists."""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from sandbox.world.account import REDACTED
from sandbox.world.index import Place
from sandbox.world.tickets import Ticket
from sandbox.zendesk import errors
from sandbox.zendesk.desk import Ask
from sandbox.zendesk.exports import Answer
from sandbox.zendesk.paging import (
    LIST_ROWS,
    decode_cursor,
    encode_cursor,
    list_envelope,
    list_page,
    offset_page,
)
from sandbox.zendesk.shapes import desk, ids
from sandbox.zendesk.shapes.events import audit_shape, comment_shape, comments_of
from sandbox.zendesk.shapes.metric_sets import metric_set_shape
from sandbox.zendesk.shapes.metrics import metric_events
from sandbox.zendesk.shapes.redactions import redaction_audit_shape
from sandbox.zendesk.shapes.sideloads import sideloaded_users
from sandbox.zendesk.shapes.tickets import ticket_shape

EXPORT_CURSOR_SECONDS = 3_600
MONTH = 30 * 86_400
TERM = re.compile(r"(\w+)(>=|<=|>|<|:)(\S+)")


def find_ticket(ask: Ask, number: str) -> Ticket:
    """The ticket. Raises: Refusal when there is none, or it is deleted."""
    found = ask.account.ticket(int(number))
    if found is None or found.deleted_at:
        raise errors.record_not_found()
    return found


def ticket(ask: Ask, number: str) -> Answer:
    """``tickets/{id}``"""
    found = find_ticket(ask, number)
    (told,) = _told(ask, [found])
    if ask.includes("metric_events"):
        told["metric_events"] = _metric_events(ask, found)
    return {"ticket": told}


def _metric_events(ask: Ask, found: Ticket) -> dict[str, list[Answer]]:
    """The ticket's metric events by metric, as the export has them."""
    index = ask.account.index
    told: dict[str, list[Answer]] = {}
    for place in index.of_number("metrics", found.number):
        for event in metric_events(found, place):
            told.setdefault(event["metric"], []).append(event)
    return told


def _told(ask: Ask, tickets: Iterable[Ticket]) -> list[Answer]:
    """The tickets in the form, and with the side-loads, that were asked for."""
    sideload = "metric_set" if ask.includes("metric_sets") else None
    shapes = []
    for one in tickets:
        told = ticket_shape(one, ask.base_url, sideload=sideload)
        if ask.includes("comment_count"):
            told["comment_count"] = len(comments_of(one))
        shapes.append(told)
    return shapes


def _beside(ask: Ask, tickets: Iterable[Ticket]) -> Answer:
    """The people beside a list of tickets."""
    if not ask.includes("users"):
        return {}
    return {"users": sideloaded_users(ask.account.people, tickets, ask.base_url)}


def show_many(ask: Ask) -> Answer:
    """``tickets/show_many``: up to 100 ids; those that do not exist are left out."""
    known = [number for number in ask.ids() if 1 <= number <= ask.account.setting.arrived]
    found = [one for one in ask.account.tickets(known).values() if not one.deleted_at]
    page: Answer = {"tickets": _told(ask, found)} | _beside(ask, found)
    return page | {"next_page": None, "previous_page": None, "count": len(found)}


def comments(ask: Ask, number: str) -> Answer:
    """``tickets/{id}/comments``, oldest first, newest first with ``sort=-created_at``."""
    found = find_ticket(ask, number)
    turns = comments_of(found)
    if ask.query.get("sort") == "-created_at" or ask.query.get("sort_order") == "desc":
        turns.reverse()
    return list_page(ask, "comments", turns, lambda turn: comment_shape(found, turn, ask.base_url))


def audits(ask: Ask, number: str) -> Answer:
    """``tickets/{id}/audits``: those of an archived ticket come on one page."""
    found = find_ticket(ask, number)
    steps: list[tuple[int, int]] = [(step, at) for step, at in enumerate(found.times)]
    steps += [(REDACTED, at) for at in sorted({at for _, at in found.redactions})]

    def shape(place: tuple[int, int]) -> Answer:
        step, at = place
        if step == REDACTED:
            return redaction_audit_shape(found, at)
        return audit_shape(found, step, ask.base_url)

    if found.status == "closed" and found.updated_at < ask.now - 120 * 86_400:
        whole = [shape(place) for place in steps]
        return {"audits": whole, "next_page": None, "previous_page": None, "count": len(whole)}
    return list_page(ask, "audits", steps, shape)


def metrics(ask: Ask, number: str) -> Answer:
    """``tickets/{id}/metrics``"""
    return {"ticket_metric": metric_set_shape(find_ticket(ask, number), ask.base_url)}


def ticket_list(ask: Ask) -> Answer:
    """``tickets``: neither archived nor deleted ones; ``start_time`` is ignored, silently."""
    index = ask.account.index
    sort = ask.query.get("sort", "id")
    if sort.lstrip("-") not in ("id", "updated_at", "status"):
        raise errors.bad_request("Invalid sort", f"sort by {sort} is not supported")
    stream = "updated" if sort.endswith("updated_at") else "listed"
    total = index.count(stream)
    down = sort.startswith("-")

    def between(start: int, end: int) -> list[Place]:
        if not down:
            return index.places(stream, start, end)
        return index.places(stream, total - end, total - start)[::-1]

    if "page[size]" not in ask.query:
        return offset_page(ask, "tickets", total, lambda a, b: _shapes(ask, between(a, b)))
    size = max(1, min(ask.number("page[size]"), LIST_ROWS))
    after = ask.query.get("page[after]")
    start = _position_after(ask, stream, after, down=down) if after else 0
    places = between(start, min(start + size, total))
    cursor = encode_cursor(places[-1].at, places[-1].number) if places else None
    told = list_envelope(ask, cursor, more=start + size < total)
    return {"tickets": _shapes(ask, places)} | _beside(ask, _found(ask, places)) | told


def _position_after(ask: Ask, stream: str, cursor: str, *, down: bool) -> int:
    at, number = decode_cursor(cursor)
    index = ask.account.index
    if down:
        return index.count(stream) - index.position(stream, at, number)
    return index.position(stream, at, number + 1)


def _shapes(ask: Ask, places: list[Place]) -> list[Answer]:
    return _told(ask, _found(ask, places))


def _found(ask: Ask, places: list[Place]) -> list[Ticket]:
    tickets = ask.account.tickets(place.number for place in places)
    return [tickets[place.number] for place in places]


def ticket_count(ask: Ask) -> Answer:
    """``tickets/count``"""
    return counted(ask, ask.account.index.count("listed"))


def counted(ask: Ask, value: int) -> Answer:
    """A count in the form that every list's count has."""
    return {"count": {"value": value, "refreshed_at": ids.iso(ask.now)}}


def search_export(ask: Ask) -> Answer:
    """``search/export`` of tickets: archived ones too, deleted ones not; cursors live an hour.

    The query understands ``created``, ``updated`` (with > < >= <= or :), ``status:`` and
    ``type:ticket``; anything else matches no ticket.
    """
    if ask.query.get("filter[type]") != "ticket":
        raise errors.bad_request("Invalid filter", "filter[type] must be ticket")
    matches = _matcher(ask.query.get("query", ""))
    size = max(1, min(ask.number("page[size]", LIST_ROWS), 1_000))
    number = _export_position(ask)
    found: list[Ticket] = []
    total = ask.account.setting.arrived
    while number <= total and len(found) <= size:
        batch = ask.account.tickets(range(number, min(number + 1_000, total + 1)))
        found += [one for one in batch.values() if not one.deleted_at and matches(one)]
        number += 1_000
    chosen, more = found[:size], len(found) > size
    shapes = [ticket_shape(one, ask.base_url) | {"result_type": "ticket"} for one in chosen]
    cursor = f"{chosen[-1].number + 1}:{ask.now}" if chosen else None
    after = base64.b64encode(cursor.encode()).decode() if cursor else None
    return {"results": shapes, "facets": None} | list_envelope(ask, after, more=more)


def _export_position(ask: Ask) -> int:
    cursor = ask.query.get("page[after]")
    if not cursor:
        return 1
    try:
        number, issued = base64.b64decode(cursor, validate=True).decode().split(":")
        fresh = int(issued) > ask.now - EXPORT_CURSOR_SECONDS
    except (ValueError, binascii.Error, UnicodeDecodeError):
        fresh, number = False, "1"
    if not fresh:
        raise errors.bad_request("Invalid cursor", "The cursor has expired or is invalid")
    return int(number)


def _matcher(query: str) -> Callable[[Ticket], bool]:
    terms = TERM.findall(query)
    if TERM.sub("", query).strip():
        return lambda _: False
    return lambda one: all(_matches(one, *term) for term in terms)


def _matches(one: Ticket, name: str, sign: str, value: str) -> bool:
    if name == "type":
        return value == "ticket"
    if name == "status":
        return one.status == value
    if name not in ("created", "updated"):
        return False
    at = one.created_at if name == "created" else one.updated_at
    told = datetime.fromisoformat(value if "T" in value else f"{value}T00:00:00+00:00").timestamp()
    if sign == ":":
        return told <= at < told + 86_400
    return {">": at > told, ">=": at >= told, "<": at < told, "<=": at <= told}[sign]


def deleted_tickets(ask: Ask) -> Answer:
    """``deleted_tickets``: the last 30 days."""
    index = ask.account.index
    first = index.position("deleted", ask.now - MONTH)
    places = index.places("deleted", first, index.count("deleted"))

    def shape(place: Place) -> Answer:
        gone = ask.account.tickets([place.number])[place.number]
        actor = ask.account.people.agent(-1)
        return {
            "id": gone.number,
            "subject": gone.talk.subject,
            "description": gone.talk.turns[0].body,
            "actor": {"id": actor.id, "name": actor.name},
            "deleted_at": ids.iso(gone.deleted_at),
            "previous_state": gone.statuses[-1],
        }

    return list_page(ask, "deleted_tickets", places, shape)


def ratings(ask: Ask) -> Answer:
    """``satisfaction_ratings`` from ``start_time`` to ``end_time``; ``score`` filters."""
    index = ask.account.index
    start, end = ask.number("start_time", 0), ask.number("end_time", ask.now + 1)
    first, bound = index.position("ratings", start), index.position("ratings", end)
    wanted = ask.query.get("score")
    positions: Sequence[int] = range(first, bound)
    if wanted:
        places = index.places("ratings", first, bound)
        tickets = ask.account.tickets(place.number for place in places)
        scored = [_scored(tickets[place.number], wanted) for place in places]
        positions = [at for at, fits in zip(positions, scored, strict=True) if fits]

    def shape(at: int) -> Answer:
        number = index.places("ratings", at, at + 1)[0].number
        return desk.rating_shape(ask.account.tickets([number])[number], ask.base_url)

    return list_page(ask, "satisfaction_ratings", positions, shape)


def _scored(one: Ticket, wanted: str) -> bool:
    if wanted in ("received", "received_with_comment"):
        given = one.score in ("good", "bad")
        return given and (wanted == "received" or bool(one.rating_comment))
    kind, _, rest = wanted.partition("_")
    return one.score == kind and (not rest or bool(one.rating_comment) == (rest == "with_comment"))
