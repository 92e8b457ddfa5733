"""The incremental exports."""

from typing import Any

import numpy as np

from sandbox.world.account import REDACTED
from sandbox.world.articles import ARTICLES
from sandbox.world.index import Place
from sandbox.world.people import Person
from sandbox.zendesk import errors
from sandbox.zendesk.desk import Ask
from sandbox.zendesk.paging import (
    LIST_ROWS,
    Page,
    cursor_envelope,
    decode_cursor,
    encode_cursor,
    list_envelope,
    page_from_time,
    rows,
    time_envelope,
)
from sandbox.zendesk.shapes.calls import call_shape, leg_shapes
from sandbox.zendesk.shapes.desk import article_changed_at, article_shape, group_shapes
from sandbox.zendesk.shapes.events import ticket_event_shape
from sandbox.zendesk.shapes.metrics import metric_events
from sandbox.zendesk.shapes.people import identity_shapes, organization_shape, user_shape
from sandbox.zendesk.shapes.redactions import redaction_event_shape
from sandbox.zendesk.shapes.sideloads import sideloaded_organizations, sideloaded_users
from sandbox.zendesk.shapes.tickets import ticket_shape

Answer = dict[str, Any]
SCOPES = {
    "tickets": {"agent": "tickets", "ai_agent": "bot_tickets", "all": "all_tickets"},
    "events": {"agent": "events", "ai_agent": "bot_events", "all": "all_events"},
}


def _stream(ask: Ask, kind: str) -> str:
    scope = ask.query.get("support_type_scope", "agent")
    if scope not in SCOPES[kind]:
        raise errors.invalid_value("support_type_scope must be one of all, agent, ai_agent")
    return SCOPES[kind][scope]


def tickets_by_cursor(ask: Ask) -> Answer:
    """``incremental/tickets/cursor``: by generated timestamp, deleted ones too."""
    index, stream, limit = ask.account.index, _stream(ask, "tickets"), rows(ask)
    cursor = ask.query.get("cursor")
    if cursor:
        at, number = decode_cursor(cursor)
        first = index.position(stream, at, number + 1)
    else:
        first = index.position(stream, ask.start_time())
    bound = index.position(stream, ask.newest + 1)
    end = max(first, min(first + limit, bound))
    places = index.places(stream, first, end)
    after = encode_cursor(places[-1].at, places[-1].number) if places else cursor
    path = "/api/v2/incremental/tickets/cursor.json"
    told = cursor_envelope(ask, path, after, more=end < bound)
    return _with_sideloads(ask, places) | told


def tickets_by_time(ask: Ask) -> Answer:
    """``incremental/tickets``: the older, time-based form."""
    start = ask.start_time()
    page = page_from_time(ask.account.index, _stream(ask, "tickets"), start, ask.newest, rows(ask))
    path = "/api/v2/incremental/tickets.json"
    told = time_envelope(ask, path, page, len(page.places))
    return _with_sideloads(ask, page.places) | told


def _with_sideloads(ask: Ask, places: list[Place]) -> Answer:
    """The tickets, metric sets inside, and beside them the people and groups asked for."""
    account, base_url = ask.account, ask.base_url
    sideload = "metric_set" if ask.includes("metric_sets") else None
    tickets = account.tickets(place.number for place in places)
    told: Answer = {
        "tickets": [ticket_shape(tickets[p.number], base_url, sideload=sideload) for p in places]
    }
    if ask.includes("users"):
        told["users"] = sideloaded_users(account.people, tickets.values(), base_url)
    if ask.includes("organizations"):
        told["organizations"] = sideloaded_organizations(account.people, tickets.values(), base_url)
    if ask.includes("groups"):
        told["groups"] = group_shapes(account.setting, base_url)
    return told


def ticket_events(ask: Ask) -> Answer:
    """``incremental/ticket_events``: every step of every ticket."""
    start = ask.start_time()
    page = page_from_time(ask.account.index, _stream(ask, "events"), start, ask.newest, rows(ask))
    tickets = ask.account.tickets(place.number for place in page.places)
    whole = ask.includes("comment_events")
    shapes = [
        redaction_event_shape(tickets[place.number], place.at)
        if place.step == REDACTED
        else ticket_event_shape(
            tickets[place.number], place.step, ask.base_url, comment_events=whole
        )
        for place in page.places
    ]
    path = "/api/v2/incremental/ticket_events.json"
    return {"ticket_events": shapes} | time_envelope(ask, path, page, len(shapes))


def metric_events_by_time(ask: Ask) -> Answer:
    """``incremental/ticket_metric_events``: time-based, or a cursor list with ``page[size]``."""
    if "page[size]" in ask.query:
        return _metric_list(ask)
    start = ask.start_time()
    # A step causes about three metric events; a page counts events, not steps.
    page = page_from_time(ask.account.index, "metrics", start, ask.newest, max(1, rows(ask) // 3))
    shapes = _metric_shapes(ask, page.places)
    path = "/api/v2/incremental/ticket_metric_events.json"
    return {"ticket_metric_events": shapes} | time_envelope(ask, path, page, len(shapes))


def _metric_list(ask: Ask) -> Answer:
    index = ask.account.index
    size = max(1, min(ask.number("page[size]"), LIST_ROWS) // 5)
    after = ask.query.get("page[after]")
    if after:
        at, packed = decode_cursor(after)
        first = index.position("metrics", at, packed // 16, packed % 16 + 1)
    else:
        first = index.position("metrics", ask.start_time())
    bound = index.position("metrics", ask.newest + 1)
    end = max(first, min(first + size, bound))
    places = index.places("metrics", first, end)
    last = places[-1] if places else None
    cursor = encode_cursor(last.at, last.number * 16 + last.step) if last else None
    told = list_envelope(ask, cursor, more=end < bound)
    return {"ticket_metric_events": _metric_shapes(ask, places)} | told


def _metric_shapes(ask: Ask, places: list[Place]) -> list[Answer]:
    tickets = ask.account.tickets(place.number for place in places)
    return [event for place in places for event in metric_events(tickets[place.number], place)]


def _people_page(ask: Ask, start: int, after: int, limit: int) -> tuple[list[Person], bool]:
    """The users changed from a second on; ``after`` is the last id of that second already seen."""
    people = ask.account.people
    staff = [one for one in people.staff if (one.updated_at, one.id) > (start, after)]
    staff.sort(key=lambda one: (one.updated_at, one.id))
    touched, order = people.touched, people.by_change
    first_id = people.setting.customer_id(0)
    first = int(np.searchsorted(touched[order], start))
    bound = int(np.searchsorted(touched[order], ask.newest, side="right"))
    while first < bound and touched[order[first]] == start and order[first] + first_id <= after:
        first += 1
    chosen = [people.customer(int(at)) for at in order[first : min(first + limit, bound)]]
    merged = sorted([*staff, *chosen], key=lambda one: (one.updated_at, one.id))
    more = len(merged) > limit or first + limit < bound
    return merged[:limit], more


def users_by_cursor(ask: Ask) -> Answer:
    """``incremental/users/cursor``, with identities when asked for."""
    cursor = ask.query.get("cursor")
    start, after = decode_cursor(cursor) if cursor else (ask.start_time(), -1)
    people, more = _people_page(ask, start, after, rows(ask))
    told = encode_cursor(people[-1].updated_at, people[-1].id) if people else cursor
    path = "/api/v2/incremental/users/cursor.json"
    return _user_shapes(ask, people) | cursor_envelope(ask, path, told, more=more)


def users_by_time(ask: Ask) -> Answer:
    """``incremental/users``: the older, time-based form."""
    people, more = _people_page(ask, ask.start_time(), -1, rows(ask))
    while more:
        extra, more = _people_page(ask, people[-1].updated_at, people[-1].id, 1)
        if extra[0].updated_at != people[-1].updated_at:
            more = True
            break
        people += extra
    page = Page([Place(one.updated_at, one.id, 0) for one in people], more)
    told = time_envelope(ask, "/api/v2/incremental/users.json", page, len(people))
    return _user_shapes(ask, people) | told


def _user_shapes(ask: Ask, people: list[Person]) -> Answer:
    account = ask.account
    told: Answer = {"users": [user_shape(account.people, one, ask.base_url) for one in people]}
    if ask.includes("identities"):
        told["identities"] = [
            identity
            for one in people
            for identity in identity_shapes(account.people, one, ask.base_url)
        ]
    return told


def organizations(ask: Ask) -> Answer:
    """``incremental/organizations``: time-based only."""
    start, people = ask.start_time(), ask.account.people
    numbers = range(ask.account.setting.organizations)
    changed = [people.organization(number) for number in numbers]
    places = [Place(one.updated_at, at, 0) for at, one in enumerate(changed)]
    page = _small_page(ask, places, start)
    shapes = [organization_shape(changed[place.number], ask.base_url) for place in page.places]
    told = time_envelope(ask, "/api/v2/incremental/organizations.json", page, len(shapes))
    return {"organizations": shapes} | told


def articles(ask: Ask) -> Answer:
    """``help_center/incremental/articles``: no ``end_of_stream``; null ``next_page`` at the end."""
    start, setting = ask.start_time(), ask.account.setting
    places = [
        Place(article_changed_at(setting, one), at, 0)
        for at, one in enumerate(ARTICLES)
        if at not in ask.desk.retired
    ]
    page = _small_page(ask, places, start)
    shapes = [article_shape(setting, place.number, ask.base_url) for place in page.places]
    told = time_envelope(ask, "/api/v2/help_center/incremental/articles.json", page, len(shapes))
    del told["end_of_stream"]
    if not page.more:
        told["next_page"] = None
    return {"articles": shapes} | told


def _small_page(ask: Ask, places: list[Place], start: int) -> Page:
    visible = sorted(
        (one for one in places if start <= one.at <= ask.newest),
        key=lambda one: (one.at, one.number),
    )
    end = min(rows(ask), len(visible))
    while 0 < end < len(visible) and visible[end].at in (start, visible[end - 1].at):
        end += 1
    if 0 < end < len(visible) and visible[end - 1].at == start:
        end += 1
    return Page(visible[:end], end < len(visible))


def calls(ask: Ask) -> Answer:
    """Talk's calls: no ``end_of_stream``, ``next_page`` never null, the start inclusive."""
    page, end, told = _talk_page(ask, "calls")
    tickets = ask.account.tickets(place.number for place in page)
    shapes = [call_shape(tickets[place.number], place) for place in page]
    return {"calls": shapes, "count": len(shapes), "end_time": end, "next_page": told}


def legs(ask: Ask) -> Answer:
    """Talk's legs, paged like the calls."""
    page, end, told = _talk_page(ask, "legs")
    tickets = ask.account.tickets(place.number for place in page)
    shapes = [leg for place in page for leg in leg_shapes(tickets[place.number], place)]
    return {"legs": shapes, "count": len(shapes), "end_time": end, "next_page": told}


def _talk_page(ask: Ask, kind: str) -> tuple[list[Place], int, str]:
    start = ask.number("start_time")
    page = page_from_time(ask.account.index, "calls", start, ask.now, rows(ask))
    end = page.places[-1].at if page.places else start
    kept = f"&per_page={ask.query['per_page']}" if "per_page" in ask.query else ""
    path = f"/api/v2/channels/voice/stats/incremental/{kind}.json?start_time={end}{kept}"
    return page.places, end, ask.url(path)
