"""Single records and ordinary lists."""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

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
from sandbox.zendesk.shapes.people import organization_shape, user_shape
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
    sideload = "metric_set" if ask.includes("metric_sets") else None
    return {"ticket": ticket_shape(find_ticket(ask, number), ask.base_url, sideload=sideload)}


def show_many(ask: Ask) -> Answer:
    """``tickets/show_many``: up to 100 ids; those that do not exist are left out."""
    told = [part.strip() for part in ask.query.get("ids", "").split(",")]
    if not 1 <= len(told) <= LIST_ROWS or not all(part.isdigit() for part in told):
        raise errors.bad_request("Invalid ids", f"ids must be 1 to {LIST_ROWS} ticket ids")
    wanted = [int(part) for part in told if 1 <= int(part) <= ask.account.setting.tickets]
    found = [one for one in ask.account.tickets(wanted).values() if not one.deleted_at]
    sideload = "metric_set" if ask.includes("metric_sets") else None
    shapes = [ticket_shape(one, ask.base_url, sideload=sideload) for one in found]
    return {"tickets": shapes, "next_page": None, "previous_page": None, "count": len(shapes)}


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
    steps = range(len(found.times))
    if found.status == "closed" and found.updated_at < ask.now - 120 * 86_400:
        whole = [audit_shape(found, step, ask.base_url) for step in steps]
        return {"audits": whole, "next_page": None, "previous_page": None, "count": len(whole)}
    return list_page(ask, "audits", steps, lambda step: audit_shape(found, step, ask.base_url))


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
    return {"tickets": _shapes(ask, places)} | told


def _position_after(ask: Ask, stream: str, cursor: str, *, down: bool) -> int:
    at, number = decode_cursor(cursor)
    index = ask.account.index
    if down:
        return index.count(stream) - index.position(stream, at, number)
    return index.position(stream, at, number + 1)


def _shapes(ask: Ask, places: list[Place]) -> list[Answer]:
    sideload = "metric_set" if ask.includes("metric_sets") else None
    tickets = ask.account.tickets(place.number for place in places)
    return [ticket_shape(tickets[p.number], ask.base_url, sideload=sideload) for p in places]


def ticket_count(ask: Ask) -> Answer:
    """``tickets/count``"""
    index = ask.account.index
    value = index.count("listed")
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
    total = ask.account.setting.tickets
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


def deleted_users(ask: Ask) -> Answer:
    """``deleted_users``: the last 30 days."""
    people = ask.account.people
    gone = [int(at) for at in people.removed.nonzero()[0] if people.removed[at] > ask.now - MONTH]

    def shape(number: int) -> Answer:
        person = people.customer(number)
        return user_shape(people, person, ask.base_url) | {"active": False, "email": person.email}

    return list_page(ask, "deleted_users", gone, shape)


def user(ask: Ask, number: str) -> Answer:
    """``users/{id}``"""
    people = ask.account.people
    person = people.find(int(number))
    if person is None:
        raise errors.record_not_found()
    return {"user": user_shape(people, person, ask.base_url)}


def users(ask: Ask) -> Answer:
    """``users``: everybody, or one ``role``."""
    people, role = ask.account.people, ask.query.get("role")
    staff = [one for one in people.staff if role in (None, one.role)]
    customers = people.setting.end_users if role in (None, "end-user") else 0

    def shape(at: int) -> Answer:
        person = staff[at] if at < len(staff) else people.customer(at - len(staff))
        return user_shape(people, person, ask.base_url)

    return list_page(ask, "users", range(len(staff) + customers), shape)


def me(ask: Ask) -> Answer:
    """``users/me``: 200 for everybody; nobody in particular without a token."""
    people = ask.account.people
    if ask.grant:
        return {"user": user_shape(people, people.agent(-1), ask.base_url)}
    nobody: dict[str, Any] = {
        "id": None,
        "url": None,
        "name": "Anonymous user",
        "email": "invalid@example.com",
    }
    return {"user": nobody | {"role": "end-user", "verified": False, "active": False}}


def organization(ask: Ask, number: str) -> Answer:
    """``organizations/{id}``"""
    people = ask.account.people
    at = int(number) - people.setting.base - 5 * 10**9
    if not 0 <= at < people.setting.organizations:
        raise errors.record_not_found()
    return {"organization": organization_shape(people.organization(at), ask.base_url)}


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
