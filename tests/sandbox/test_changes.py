"""Changes between two runs: deletions and redactions that a pipeline must follow."""

import time

import pytest

TINY = ("--account", "acme=40", "--days", "7")
EXPORT = "incremental/tickets/cursor.json"


@pytest.fixture
def running(start):
    return start(*TINY)


def test_deleted_ticket_comes_again_as_deleted(running):
    """After the last cursor, the export shows the deletion; list and record no longer do."""
    client, control = running.zendesk(), running.control()
    cursor = client.get(EXPORT, params={"start_time": 0}).json()["after_cursor"]
    number = client.get("tickets.json").json()["tickets"][0]["id"]
    count = client.get("tickets/count.json").json()["count"]["value"]
    asked = {"account": "acme", "kind": "delete_ticket", "ticket_id": number}
    assert control.post("/changes", json=asked).status_code == 204
    told = client.get(EXPORT, params={"cursor": cursor}).json()["tickets"]
    assert [(one["id"], one["status"]) for one in told] == [(number, "deleted")]
    assert client.get(f"tickets/{number}.json").status_code == 404
    assert client.get("tickets/count.json").json()["count"]["value"] == count - 1
    deletions = client.get("deleted_tickets.json").json()["deleted_tickets"]
    assert number in {one["id"] for one in deletions}
    assert control.post("/changes", json=asked).status_code == 404


def test_redacted_comment_is_black_everywhere_after_a_restart_too(running, start):
    """The words are gone from comments, events and description, and the ticket comes again."""
    client = running.zendesk()
    cursor = client.get(EXPORT, params={"start_time": 0}).json()["after_cursor"]
    tickets = client.get("tickets.json?sort=id").json()["tickets"]
    number, words = next(
        (one["id"], one["description"]) for one in tickets if one["via"]["channel"] == "email"
    )
    asked = {"account": "acme", "kind": "redact_comment", "ticket_id": number}
    assert running.control().post("/changes", json=asked).status_code == 204
    running.stop()
    client = start(folder=running.folder).zendesk()
    told = client.get(EXPORT, params={"cursor": cursor}).json()["tickets"]
    assert [one["id"] for one in told] == [number]
    assert told[0]["description"] != words
    comments = client.get(f"tickets/{number}/comments.json").text
    events = client.get("incremental/ticket_events.json?start_time=0&include=comment_events")
    quoted = max(words.splitlines(), key=len)
    assert "▇" in comments
    assert quoted not in comments
    assert quoted not in events.text


def test_changes_of_nothing_are_refused(running):
    """No such account, ticket or comment: 404; an unknown kind: 400."""
    delete = {"account": "acme", "kind": "delete_ticket", "ticket_id": 1}
    redact = delete | {"kind": "redact_comment", "comment_id": 1}
    control = running.control()
    for asked in (delete | {"account": "nobody"}, delete | {"ticket_id": 9999}, redact):
        assert control.post("/changes", json=asked).status_code == 404
    assert control.post("/changes", json=delete | {"kind": "burn"}).status_code == 400


def test_change_in_the_newest_minute_is_withheld(running):
    """A change of now is not yet exported."""
    client = running.zendesk()
    cursor = client.get(EXPORT, params={"start_time": 0}).json()["after_cursor"]
    number = client.get("tickets.json").json()["tickets"][0]["id"]
    asked = {"account": "acme", "kind": "delete_ticket", "ticket_id": number}
    running.control().post("/changes", json=asked | {"at": int(time.time())})
    assert client.get(EXPORT, params={"cursor": cursor}).json()["tickets"] == []
