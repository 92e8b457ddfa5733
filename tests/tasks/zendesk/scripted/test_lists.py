"""Reading from ordinary lists: each sweep ends, resumes, and knows when it was cut short."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tasks.errors import PermanentError, TransientError
from tasks.zendesk import STREAMS, Page, ZendeskClient
from tasks.zendesk.probing import probe
from tasks.zendesk.rows.events import redactions
from tasks.zendesk.ticket import fetch_ticket
from tests.tasks.zendesk.scripted.server import Said, Script

START, NOW = (datetime(2026, 11, day, tzinfo=UTC) for day in (1, 3))
STAMP = "2026-11-01T00:00:00Z"


def _ticket(number: int, minute: int) -> dict[str, Any]:
    at = f"2026-11-02T00:{minute:02}:00Z"
    return {"id": number, "status": "open", "created_at": STAMP, "updated_at": at}


def _tickets(*tickets: dict[str, Any], after: str | None = None) -> Said:
    meta = {"has_more": after is not None, "after_cursor": after}
    return Said({"tickets": tickets, "meta": meta})


def _ids(pages: list[Page]) -> list[int]:
    return [one.id for page in pages for one in page.records.get("tickets", [])]


def _sweep(client: ZendeskClient, cursor: str | None, pages: int | None = None) -> list[Page]:
    listed = STREAMS["tickets"].listed
    assert listed is not None
    found = []
    for page in listed.iter_pages(client, cursor, START, NOW):
        found.append(page)
        if len(found) == pages:
            break
    return found


def test_a_sweep_ends_where_the_last_one_began(client: ZendeskClient, script: Script) -> None:
    """It reads newest first and stops at what it knows; nothing between is left out."""
    script.answers = [_tickets(_ticket(2, 20), after="a"), _tickets(_ticket(1, 10))]
    first = _sweep(client, None)
    assert _ids(first) == [2, 1]
    newer = _tickets(_ticket(3, 30), _ticket(2, 20), _ticket(1, 10), after="b")
    script.answers = [newer]
    second = _sweep(client, first[-1].cursor)
    assert _ids(second) == [3, 2], "the boundary is read again, what lies below is not"
    assert script.asked[-1].query["sort"] == ["-updated_at"]


def test_a_change_in_the_future_hides_none_that_come(client: ZendeskClient, script: Script) -> None:
    """A clock that is years ahead at Zendesk must not end every later sweep at its top."""
    ahead = {**_ticket(9, 0), "updated_at": "2031-01-01T00:00:00Z"}
    script.answers = [_tickets(ahead, _ticket(1, 10))]
    first = _sweep(client, None)
    later = {**_ticket(2, 0), "updated_at": "2026-11-04T00:00:00Z"}
    script.answers = [_tickets(ahead, later, _ticket(1, 10))]
    assert _ids(_sweep(client, first[-1].cursor)) == [9, 2]


def test_an_instant_without_an_offset_is_none(client: ZendeskClient, script: Script) -> None:
    """It compares with none that has one: its record is held, the others are read."""
    script.answers = [
        _tickets({**_ticket(1, 10), "updated_at": "2026-11-02T00:00:00"}, _ticket(2, 9))
    ]
    pages = _sweep(client, None)
    assert _ids(pages) == [2]
    assert [one.record_id for page in pages for one in page.bad] == ["1"]


def test_a_sweep_that_broke_off_goes_on_from_its_page(
    client: ZendeskClient, script: Script
) -> None:
    """With Zendesk's own cursor; what changed meanwhile is for the next sweep."""
    script.answers = [_tickets(_ticket(9, 50), after="a")]
    (page,) = _sweep(client, None, pages=1)
    script.answers = [_tickets(_ticket(8, 40))]
    rest = _sweep(client, page.cursor)
    assert _ids(rest) == [8]
    assert script.asked[-1].query["page[after]"] == ["a"]
    script.answers = [_tickets(_ticket(8, 59), _ticket(9, 50), _ticket(7, 30), after="c")]
    assert _ids(_sweep(client, rest[-1].cursor)) == [8, 9]


def test_an_empty_list_keeps_the_floor(client: ZendeskClient, script: Script) -> None:
    """Its cursor is null there; the next sweep begins no later than this one."""
    script.answers = [_tickets()]
    (page, end) = _sweep(client, None)
    assert page.count == 0
    script.answers = [_tickets(_ticket(1, 10))]
    assert _ids(_sweep(client, end.cursor)) == [1]


def test_a_list_that_repeats_its_cursor_is_an_error(client: ZendeskClient, script: Script) -> None:
    """It would never end."""
    script.answers = [
        _tickets(_ticket(2, 20), after="a"),
        _tickets(_ticket(1, 10), after="a"),
    ]
    with pytest.raises(PermanentError, match="the list tickets repeats its cursor"):
        _sweep(client, None)


def _policies(*ids: int, count: int, after: str | None = None) -> Said:
    found = [{"id": one, "updated_at": STAMP} for one in ids]
    meta = {"has_more": after is not None, "after_cursor": after}
    return Said({"sla_policies": found, "count": count, "meta": meta})


def _read(client: ZendeskClient, name: str) -> list[Page]:
    listed = STREAMS[name].listed
    assert listed is not None
    return list(listed.iter_pages(client, None, START, START))


def test_a_list_that_replaces_comes_whole(client: ZendeskClient, script: Script) -> None:
    """As one page: half of it would end the versions of the other half."""
    script.answers = [_policies(1, count=2, after="a"), _policies(2, count=2)]
    (page,) = _read(client, "sla_policies")
    assert [one.id for one in page.records["sla_policies"]] == [1, 2]


def test_a_list_shorter_than_its_count_replaces_nothing(
    client: ZendeskClient, script: Script
) -> None:
    """Against the source's own count, with both figures in the message."""
    script.answers = [_policies(1, count=40)]
    with pytest.raises(TransientError, match="sla_policies brought 1 of the 40"):
        _read(client, "sla_policies")
    groups = [{"id": one, "updated_at": STAMP} for one in range(5)]
    script.answers = [Said({"count": {"value": 50}}), Said({"groups": groups})]
    with pytest.raises(TransientError, match="groups brought 5 of the 50"):
        _read(client, "groups")


def test_a_page_shorter_than_its_own_count_is_no_page(
    client: ZendeskClient, script: Script
) -> None:
    """Its cursor would step over what is missing."""
    event = {"id": 1, "ticket_id": 1, "time": STAMP}
    script.answers = [
        Said({"ticket_metric_events": [event], "count": 3, "end_time": 1, "end_of_stream": True})
    ]
    export = STREAMS["metric_events"].export
    assert export is not None
    with pytest.raises(TransientError, match="brought 1 of the 3"):
        list(export.iter_pages(client, None, START, START))


def test_schedules_that_come_differently_twice_replace_nothing(
    client: ZendeskClient, script: Script
) -> None:
    """Zendesk counts them nowhere."""
    whole = {"schedules": [{"id": 1, "updated_at": STAMP}]}
    script.answers = [Said(whole), Said({"schedules": []})]
    with pytest.raises(TransientError, match="changed while they were read"):
        _read(client, "schedules")


def test_audits_come_in_the_form_of_the_export(client: ZendeskClient, script: Script) -> None:
    """Comments, changes, redactions and ratings, whatever other events there are."""
    events = [
        {"id": 11, "type": "Comment", "author_id": 5, "public": True, "plain_body": "hello"},
        {"id": 12, "type": "Change", "field_name": "status", "value": "open"}
        | {"previous_value": "new"},
        {"id": 13, "type": "CommentRedactionEvent", "comment_id": 4},
        {"id": 14, "type": "SatisfactionRating", "score": "good"},
        {"id": 15, "type": "Notification", "subject": "x", "body": "y"},
        {"id": 16, "type": "Create", "field_name": "subject", "value": "late"},
    ]
    via = {"channel": "email"}
    audit = {"id": 1, "ticket_id": 7, "created_at": STAMP, "author_id": 5, "events": events}
    script.answers = [Said({"audits": [audit | {"via": via}], "meta": {"has_more": False}})]
    page = fetch_ticket(client, 7, metrics=False)
    (event,) = page.records["ticket_events"]
    assert (event.id, event.ticket_id, event.updater_id, event.via) == (1, 7, 5, "email")
    children = {one.id: one for one in event.child_events}
    assert children[11].plain_body == "hello"
    assert (children[12].status, children[12].previous_value) == ("open", "new")
    assert (children[14].event_type, children[14].satisfaction_score) == ("Change", "good")
    assert [(one.event_id, one.comment_id) for one in redactions(page)] == [(13, 4)]


def test_metric_events_of_one_ticket_come_with_it(client: ZendeskClient, script: Script) -> None:
    """As a side-load: there is no list of them."""
    events = {"reply_time": [{"id": 3, "ticket_id": 7, "type": "activate", "time": STAMP}]}
    script.answers = [
        Said({"audits": [], "meta": {"has_more": False}}),
        Said({"ticket": {"id": 7, "metric_events": events}}),
    ]
    page = fetch_ticket(client, 7, metrics=True)
    assert [one.id for one in page.records["ticket_metric_events"]] == [3]
    assert script.asked[-1].query["include"] == ["metric_events"]


@pytest.mark.parametrize(
    ("export", "listed", "expected"),
    [
        (Said({}), Said({}), ("export", "works", "works", "")),
        (
            Said({"error": "Forbidden"}, 403),
            Said({}),
            ("list", "refused", "works", "not allowed: the client lacks a scope or its"),
        ),
        (
            Said({"error": "InvalidEndpoint"}, 404),
            Said({"error": "InvalidEndpoint"}, 404),
            ("off", "refused", "refused", "not in this account's plan"),
        ),
        (Said({"error": "x"}, 400), Said({}), ("export", "broken", "works", "")),
    ],
)
def test_a_probe_tells_refused_from_broken(
    client: ZendeskClient, script: Script, export: Said, listed: Said, expected: tuple[str, ...]
) -> None:
    """What is broken is asked again tomorrow; what is refused is read in another way."""
    script.answers = [export, listed]
    found = probe(client, STREAMS["organizations"], START)
    assert (found.mode, found.export, found.listed) == expected[:3]
    assert expected[3] in found.reason
