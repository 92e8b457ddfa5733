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


def test_a_redaction_tells_of_itself(running):
    """As an event of the export and as an audit, with the comment that it blackened."""
    client, control = running.zendesk(), running.control()
    number = client.get("tickets.json?sort=id").json()["tickets"][0]["id"]
    comment = client.get(f"tickets/{number}/comments.json").json()["comments"][0]["id"]
    before = client.get("incremental/ticket_events.json?start_time=0").json()["count"]
    asked = {"account": "acme", "kind": "redact_comment", "ticket_id": number}
    assert control.post("/changes", json=asked).status_code == 204
    told = client.get("incremental/ticket_events.json?start_time=0").json()
    assert told["count"] == before + 1
    (child,) = told["ticket_events"][-1]["child_events"]
    assert (child["event_type"], child["comment_id"]) == ("CommentRedactionEvent", comment)
    audit = client.get(f"tickets/{number}/audits.json").json()["audits"][-1]
    assert audit["id"] == told["ticket_events"][-1]["id"]
    assert [event["id"] for event in audit["events"]] == [child["id"]]
    again = asked | {"comment_id": comment}
    assert control.post("/changes", json=again).status_code == 204


def test_a_scrubbed_ticket_is_exported_without_words(running):
    """It is in no list of what was deleted."""
    client, control = running.zendesk(), running.control()
    number = client.get("tickets.json").json()["tickets"][0]["id"]
    cursor = client.get(EXPORT, params={"start_time": 0}).json()["after_cursor"]
    asked = {"account": "acme", "kind": "scrub_ticket", "ticket_id": number}
    assert control.post("/changes", json=asked).status_code == 204
    (told,) = client.get(EXPORT, params={"cursor": cursor}).json()["tickets"]
    assert (told["status"], told["subject"], told["description"]) == (
        "deleted",
        "SCRUBBED",
        "SCRUBBED",
    )
    deletions = client.get("deleted_tickets.json").json()["deleted_tickets"]
    assert number not in {one["id"] for one in deletions}


def test_a_system_update_moves_the_generated_timestamp_alone(running):
    """What filters `updated_at` never sees it."""
    client, control = running.zendesk(), running.control()
    before = client.get("tickets.json?sort=id").json()["tickets"][0]
    cursor = client.get(EXPORT, params={"start_time": 0}).json()["after_cursor"]
    asked = {"account": "acme", "kind": "system_update", "ticket_id": before["id"]}
    assert control.post("/changes", json=asked).status_code == 204
    (told,) = client.get(EXPORT, params={"cursor": cursor}).json()["tickets"]
    assert told["updated_at"] == before["updated_at"]
    assert told["generated_timestamp"] > before["generated_timestamp"]


@pytest.mark.parametrize(("kind", "listed"), [("delete_user", True), ("scrub_user", False)])
def test_a_deleted_user_is_exported_as_inactive(running, kind, listed):
    """And is in the list of what was deleted, unless for good."""
    client, control = running.zendesk(), running.control()
    users = client.get("users.json?role=end-user&page[size]=100").json()["users"]
    user = users[5]["id"]
    count = client.get("users/count.json").json()["count"]["value"]
    asked = {"account": "acme", "kind": kind, "user_id": user}
    assert control.post("/changes", json=asked).status_code == 204
    told = client.get(f"users/{user}.json").json()["user"]
    assert (told["active"], told["email"], told["phone"]) == (False, None, None)
    assert (told["name"] == users[5]["name"]) == listed
    gone = client.get("deleted_users.json").json()["deleted_users"]
    assert (user in {one["id"] for one in gone}) == listed
    assert client.get("users/count.json").json()["count"]["value"] == count - 1
    export = client.get("incremental/users/cursor.json?start_time=0").json()["users"]
    assert [one["active"] for one in export if one["id"] == user] == [False]


def test_a_retired_article_is_in_no_list(running):
    """Neither in the export."""
    client, control = running.zendesk(), running.control()
    articles = client.get("help_center/articles.json").json()["articles"]
    gone = articles[0]["id"]
    asked = {"account": "acme", "kind": "retire_article", "article_id": gone}
    assert control.post("/changes", json=asked).status_code == 204
    for path in ("help_center/articles.json", "help_center/incremental/articles.json?start_time=1"):
        left = client.get(path).json()["articles"]
        assert len(left) == len(articles) - 1
        assert gone not in {one["id"] for one in left}
