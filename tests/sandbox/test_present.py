"""Time that is moved: an account as it was, and as it goes on."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

UNTIL = datetime(2026, 9, 30, 12, tzinfo=UTC)
MIDDLE = UNTIL - timedelta(days=9)
WORLD = ("--account", "acme=60", "--days", "20", "--until", UNTIL.isoformat())
TICKETS = "incremental/tickets/cursor.json?start_time=0&support_type_scope=all"
EVENTS = "incremental/ticket_events.json?start_time=0&support_type_scope=all"


@pytest.fixture
def moved(start: Callable[..., Any]) -> tuple[httpx.Client, Callable[[datetime], None]]:
    """acme's API, and what moves its time."""
    running = start(*WORLD)
    control = running.control()

    def move(at: datetime) -> None:
        assert control.post("/present", json={"at": at.isoformat()}).status_code == 204

    return running.zendesk(), move


def _events(client: httpx.Client, pages: Callable[..., Any]) -> dict[int, dict[str, Any]]:
    return {
        one["id"]: one
        for page in pages(client, EVENTS, "next_page")
        for one in page["ticket_events"]
    }


def _tickets(client: httpx.Client, pages: Callable[..., Any]) -> dict[int, dict[str, Any]]:
    return {
        one["id"]: one for page in pages(client, TICKETS, "after_url") for one in page["tickets"]
    }


def test_what_lies_later_has_not_happened_yet(moved, pages) -> None:
    """Every way of reading shows the same tickets, as they were."""
    client, move = moved
    whole = _tickets(client, pages)
    move(MIDDLE)
    then = _tickets(client, pages)
    stamp = MIDDLE.strftime("%Y-%m-%dT%H:%M:%SZ")
    made = {number for number, one in whole.items() if one["created_at"] <= stamp}
    assert then.keys() <= made
    assert 0 < len(then) < len(whole)
    assert all(one["updated_at"] <= stamp for one in then.values())
    assert any(one["status"] != whole[number]["status"] for number, one in then.items())
    listed = client.get("tickets.json?sort=id").json()["tickets"]
    assert {one["id"] for one in listed} <= made
    later = max(whole)
    assert later not in then
    assert client.get(f"tickets/{later}.json").status_code == 404


def test_the_past_stays_as_it_was_while_time_moves_on(moved, pages) -> None:
    """What happened until then, no more and no less, is the beginning of what happens after."""
    client, move = moved
    move(MIDDLE)
    then = _events(client, pages)
    move(UNTIL)
    whole = _events(client, pages)
    until = int(MIDDLE.timestamp()) - 60  # the newest minute is withheld
    assert then == {number: one for number, one in whole.items() if one["timestamp"] <= until}
    assert len(then) < len(whole)


def test_a_deleted_ticket_stays_deleted_while_time_moves_on(start) -> None:
    """Changes that were asked for are made again."""
    running = start(*WORLD)
    client, control = running.zendesk(), running.control()
    control.post("/present", json={"at": MIDDLE.isoformat()})
    number = client.get("tickets.json?sort=id").json()["tickets"][0]["id"]
    asked = {"account": "acme", "kind": "delete_ticket", "ticket_id": number}
    asked["at"] = int(MIDDLE.timestamp()) - 61
    assert control.post("/changes", json=asked).status_code == 204
    control.post("/present", json={"at": UNTIL.isoformat()})
    assert client.get(f"tickets/{number}.json").status_code == 404


def test_an_instant_without_its_offset_is_refused(start) -> None:
    """It could be any of a day's."""
    control = start(*WORLD).control()
    assert control.post("/present", json={"at": "2026-09-21T12:00:00"}).status_code == 400
