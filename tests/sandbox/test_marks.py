"""Marks in the fields of records, and the tape of what was exchanged."""

import base64
from collections.abc import Iterator

import httpx
import pytest

USERS = "incremental/users/cursor.json?start_time=0&include=identities"


@pytest.fixture
def marking(control: httpx.Client) -> Iterator[httpx.Client]:
    """The control API; nothing is marked, and no tape runs, after the test."""
    yield control
    control.delete("/marks")
    control.delete("/tape")


def _mark(control: httpx.Client, *fields: dict) -> dict[str, str]:
    answer = control.post("/marks", json=list(fields))
    assert answer.status_code == 200, answer.text
    return {one["path"]: one["mark"] for one in answer.json()["marks"]}


def test_a_field_is_marked_in_every_record_whether_it_was_there_or_not(acme, marking):
    """Null, an empty list, an empty object and what is missing all get it; nothing else changes."""
    plain = acme.get(USERS).json()["users"]
    paths = ("name", "notes", "tags", "user_fields.*", "photo.file_name", "brand_new")
    marks = _mark(marking, *({"path": f"users.{path}"} for path in paths))
    assert len(set(marks.values())) == len(paths)
    told = acme.get(USERS).json()["users"]
    for before, after in zip(plain, told, strict=True):
        assert after["name"] == f"{marks['users.name']} {before['name']} {marks['users.name']}"
        assert after["notes"] == marks["users.notes"]
        assert after["brand_new"] == marks["users.brand_new"]
        assert after["tags"] == [marks["users.tags"]]
        assert after["user_fields"] == {"any": marks["users.user_fields.*"]}
        assert after["photo"] == {"file_name": marks["users.photo.file_name"]}
        assert after["email"] == before["email"]
    counted = {one["path"]: one["times"] for one in marking.get("/marks").json()["marks"]}
    assert counted["users.name"] == len(told)
    marking.delete("/marks")
    assert acme.get(USERS).json()["users"] == plain


def test_one_account_s_marks_are_in_its_answers_alone(sandbox, acme, marking):
    """The other account's users have none."""
    (mark,) = _mark(marking, {"path": "users.name", "account": "acme"}).values()
    assert mark in acme.get(USERS).text
    assert mark not in sandbox.zendesk("globex").get(USERS).text


def test_a_mark_has_its_field_s_form_and_begins_as_all_do(acme, marking):
    """An e-mail stays one, a telephone number is digits, a number is too large for anything."""
    marks = _mark(
        marking,
        {"path": "users.email", "form": "email"},
        {"path": "users.phone", "form": "phone"},
        {"path": "users.default_group_id", "form": "number"},
    )
    stems = marking.get("/marks").json()["stems"]
    one = acme.get(USERS).json()["users"][0]
    assert one["email"].startswith(f"{stems['letters']}")
    assert one["email"].count("@") == 1
    assert one["phone"] == f"+{marks['users.phone']}"
    assert marks["users.phone"].startswith(stems["digits"])
    assert one["default_group_id"] > 10**40


def test_members_are_chosen_by_what_they_have(acme, marking):
    """`[key]` and `[key=value]`; a record by its id."""
    chosen = "tickets.custom_fields[id=none].value"
    marks = _mark(
        marking,
        {"path": "audits.events[field_name=subject].value"},
        {"path": "audits.events[plain_body].html_body"},
        {"path": chosen},
    )
    audits = acme.get("tickets/3/audits.json").json()["audits"]
    events = [event for audit in audits for event in audit["events"]]
    marked = marks["audits.events[field_name=subject].value"]
    for event in events:
        assert (marked in str(event.get("value"))) == (event.get("field_name") == "subject")
        html = marks["audits.events[plain_body].html_body"]
        assert (html in event.get("html_body", "")) == ("plain_body" in event)
    assert marks[chosen] not in acme.get("tickets/3.json").text
    one = _mark(
        marking, {"path": "users.alias", "record": acme.get(USERS).json()["users"][1]["id"]}
    )
    assert acme.get(USERS).text.count(one["users.alias"]) == 1


def test_a_mark_stands_after_every_sentence(acme, marking):
    """Whoever cuts a passage out of a text cuts out a mark."""
    mark = _mark(marking, {"path": "ticket_events.child_events[plain_body].plain_body"})
    path = "incremental/ticket_events.json?start_time=0&include=comment_events"
    bodies = [
        child["plain_body"]
        for event in acme.get(path).json()["ticket_events"]
        for child in event["child_events"]
        if "plain_body" in child
    ]
    (word,) = mark.values()
    for body in bodies:
        assert max(map(len, body.split(word))) < 300


def test_the_tape_has_every_byte_of_requests_and_answers(sandbox, acme, marking):
    """From when it begins to when it ends; the control itself is not on it."""
    acme.get("groups.json")
    marking.post("/tape")
    told = acme.get("groups.json", params={"page[size]": 3})
    slack = sandbox.told["slack"]
    bearer = {"authorization": f"Bearer {slack['bot_token']}"}
    httpx.post(f"{slack['base_url']}auth.test", json={"a": 1}, headers=bearer)
    acme.post("tickets.json", json={"refused": "unread"})
    first, second, third = marking.get("/tape").json()["exchanges"]
    assert first["path"].endswith("/groups.json")
    assert first["query"] == "page%5Bsize%5D=3"
    assert base64.b64decode(first["answered"]) == told.content
    assert base64.b64decode(second["asked"]) == b'{"a":1}'
    assert base64.b64decode(third["asked"]) == b'{"refused":"unread"}'
    assert dict(second["headers"])["authorization"] == bearer["authorization"]
    assert marking.get("/tape", params={"path": "/openai"}).json()["exchanges"] == []
    marking.delete("/tape")
    acme.get("groups.json")
    assert marking.get("/tape").json()["exchanges"] == []


def test_a_field_that_cannot_be_is_refused(marking):
    """With a word why."""
    answer = marking.post("/marks", json=[{"path": "users.name", "form": "smell"}])
    assert answer.status_code == 400
    assert "form" in answer.json()["error"]
