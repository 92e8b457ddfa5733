"""Changes between two runs: deletions and redactions that a pipeline must follow."""

import json
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
    repeated = client.get("incremental/ticket_events.json?start_time=0").json()
    assert repeated == told, "what is black stays as it is"


def test_redactions_at_two_instants_are_two_audits(running, start):
    """Of two comments of one ticket, the later redacted first; the same after a restart."""
    client, control = running.zendesk(), running.control()
    comments = []
    for ticket in client.get("tickets.json?page[size]=100").json()["tickets"]:
        comments = client.get(f"tickets/{ticket['id']}/comments.json").json()["comments"]
        if len(comments) > 2:
            break
    asked = {"account": "acme", "kind": "redact_comment", "ticket_id": ticket["id"]}
    now = int(time.time())
    for back, comment in ((70, comments[2]), (90, comments[0])):
        told = asked | {"comment_id": comment["id"], "at": now - back}
        assert control.post("/changes", json=told).status_code == 204
    path = f"tickets/{ticket['id']}/audits.json"
    audits = client.get(path).json()["audits"]
    redactions = [one for one in audits if one["events"][0]["type"] == "CommentRedactionEvent"]
    assert [one["events"][0]["comment_id"] for one in redactions] == (
        [comments[0]["id"], comments[2]["id"]]
    )
    ids = [one["id"] for one in audits] + [event["id"] for a in audits for event in a["events"]]
    assert len(set(ids)) == len(ids)
    running.stop()
    assert start(folder=running.folder).zendesk().get(path).json()["audits"] == audits


def test_a_redacted_call_is_black(start):
    """The words of a voice comment are made, not written: they are blackened all the same."""
    running = start("--account", "acme=120", "--days", "7")
    client = running.zendesk()
    tickets = client.get("tickets.json?page[size]=100").json()["tickets"]
    number = next(one["id"] for one in tickets if one["via"]["channel"] == "voice")
    asked = {"account": "acme", "kind": "redact_comment", "ticket_id": number}
    assert running.control().post("/changes", json=asked).status_code == 204
    comment = client.get(f"tickets/{number}/comments.json").json()["comments"][0]
    assert set(comment["body"]) == set(comment["plain_body"]) == {"▇"}
    ticket = client.get(f"tickets/{number}.json").json()["ticket"]
    assert set(ticket["description"]) == {"▇"}


@pytest.mark.parametrize("channel", ["email", "voice"])
def test_a_scrubbed_ticket_is_exported_without_words_and_people(start, channel):
    """As deleted, everybody in it replaced by one; no list or record has it any longer."""
    running = start("--account", "acme=120", "--days", "7")
    client, control = running.zendesk(), running.control()
    page = client.get("tickets.json", params={"page[size]": 100, "include": "users"}).json()
    ticket = next(
        one
        for one in page["tickets"]
        if one["via"]["channel"] == channel and one["assignee_id"] and one["organization_id"]
    )
    number = ticket["id"]
    person = next(one for one in page["users"] if one["id"] == ticket["requester_id"])
    cursor = client.get(EXPORT, params={"start_time": 0}).json()["after_cursor"]
    before = _events(client, number)
    asked = {"account": "acme", "kind": "scrub_ticket", "ticket_id": number}
    assert control.post("/changes", json=asked).status_code == 204
    answer = client.get(EXPORT, params={"cursor": cursor, "include": "metric_sets,users"})
    (told,), (nobody,) = answer.json()["tickets"], answer.json()["users"]
    assert [told[name] for name in ("status", "subject", "raw_subject", "description")] == (
        ["deleted", *["SCRUBBED"] * 3]
    )
    assert nobody["name"] == "Permanently Deleted User"
    assert (nobody["email"], nobody["active"]) == (None, False)
    people = ("requester_id", "submitter_id", "assignee_id")
    assert {told[name] for name in people} == {nobody["id"]}
    assert told["organization_id"] is None
    assert told["group_id"] == ticket["group_id"], "who worked on it is gone, the skeleton is not"
    after = _events(client, number)
    assert [one["id"] for one in after] == [one["id"] for one in before]
    comments = [child for one in after for child in one["child_events"] if "body" in child]
    assert comments
    assert {child["body"] for child in comments} == {"SCRUBBED"}
    assert person["name"] in json.dumps([before, ticket], ensure_ascii=False)
    whole = answer.text + json.dumps(after, ensure_ascii=False)
    for words in (person["name"], person["email"], person["phone"], ticket["subject"]):
        assert words not in whole
    deletions = client.get("deleted_tickets.json").json()["deleted_tickets"]
    assert number not in {one["id"] for one in deletions}
    assert client.get(f"tickets/{number}.json").status_code == 404
    assert client.get(f"tickets/{number}/comments.json").status_code == 404


def _events(client, number):
    path = "incremental/ticket_events.json?start_time=0&include=comment_events"
    told = client.get(path).json()
    assert told["end_of_stream"]
    return [one for one in told["ticket_events"] if one["ticket_id"] == number]


def test_a_deleted_ticket_can_be_scrubbed(running):
    """As in Zendesk, where only what was deleted can be deleted for good."""
    client, control = running.zendesk(), running.control()
    number = client.get("tickets.json").json()["tickets"][0]["id"]
    asked = {"account": "acme", "ticket_id": number}
    for kind, listed in (("delete_ticket", True), ("scrub_ticket", False)):
        assert control.post("/changes", json=asked | {"kind": kind}).status_code == 204
        deletions = client.get("deleted_tickets.json").json()["deleted_tickets"]
        assert (number in {one["id"] for one in deletions}) == listed


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
    (exported,) = (one for one in export if one["id"] == user)
    assert exported == told
    assert exported["updated_at"] > users[5]["updated_at"]
    gone = {"account": "acme", "kind": "delete_user", "user_id": user}
    assert control.post("/changes", json=gone).status_code == 404, "there is nobody to delete"


def test_what_a_scrubbed_user_wrote_stays(running):
    """Zendesk forgets who it was, not what stands in the tickets."""
    client, control = running.zendesk(), running.control()
    before = client.get("tickets.json?sort=id&page[size]=100").json()["tickets"]
    for user in {one["requester_id"] for one in before}:
        asked = {"account": "acme", "kind": "scrub_user", "user_id": user}
        assert control.post("/changes", json=asked).status_code == 204
    assert client.get("tickets.json?sort=id&page[size]=100").json()["tickets"] == before


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


def test_changes_outlive_a_restart(running, start):
    """Every kind of them: the same export, lists and audits in the next process."""
    client, control = running.zendesk(), running.control()
    tickets = client.get("tickets.json?page[size]=100").json()["tickets"]
    users = client.get("users.json?role=end-user").json()["users"]
    article = client.get("help_center/articles.json").json()["articles"][0]["id"]
    kinds = ("delete_ticket", "scrub_ticket", "redact_comment", "system_update")
    changes = [
        {"kind": kind, "ticket_id": one["id"]} for kind, one in zip(kinds, tickets, strict=False)
    ]
    changes += [{"kind": "delete_user", "user_id": users[4]["id"]}]
    changes += [{"kind": "scrub_user", "user_id": users[5]["id"]}]
    changes += [{"kind": "retire_article", "article_id": article}]
    before = _views(client)
    for change in changes:
        asked = change | {"account": "acme"}
        assert control.post("/changes", json=asked).status_code == 204
    changed = _views(client)
    assert all(one != other for one, other in zip(before, changed, strict=True))
    running.stop()
    assert _views(start(folder=running.folder).zendesk()) == changed


def _views(client):
    paths = (
        f"{EXPORT}?start_time=0", "incremental/ticket_events.json?start_time=0",
        "incremental/users/cursor.json?start_time=0", "deleted_tickets.json", "deleted_users.json",
        "tickets.json", "users.json", "help_center/articles.json",
    )  # fmt: skip
    return [client.get(path).json() for path in paths]
