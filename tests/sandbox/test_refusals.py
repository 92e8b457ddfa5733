"""What an account does not allow, and the lists that stand beside the exports."""

from datetime import datetime
from urllib.parse import urlencode

import pytest

TINY = ("--account", "acme=40", "--days", "7")
TALK = "channels/voice/stats/incremental"


@pytest.mark.parametrize(
    ("what", "path", "status", "error"),
    [
        ("export", "incremental/tickets/cursor.json?start_time=0", 403, "Forbidden"),
        ("export", f"{TALK}/calls.json?start_time=0", 403, "Forbidden"),
        ("talk", f"{TALK}/calls.json?start_time=0", 404, "InvalidEndpoint"),
        ("guide", "help_center/articles.json", 404, "InvalidEndpoint"),
        ("csat", "satisfaction_ratings.json", 404, "InvalidEndpoint"),
    ],
)
def test_an_account_refuses_what_it_is_told_to(start, what, path, status, error):
    """From the command line, and again or no longer through the control."""
    running = start(*TINY, "--refuse", f"acme={what}")
    client, control = running.zendesk(scope="read hc:read"), running.control()
    refused = client.get(path)
    assert (refused.status_code, refused.json()["error"]) == (status, error)
    assert "scope" not in refused.json()["description"]
    assert client.get("tickets.json").status_code == 200
    allow = {"account": "acme", "what": []}
    assert control.post("/refusals", json=allow).status_code == 204
    assert client.get(path).status_code == 200
    assert control.post("/refusals", json=allow | {"what": ["tea"]}).status_code == 404


def test_what_the_plan_lacks_is_not_there_before_it_is_forbidden(start):
    """An export of Talk is 404 in an account with neither Talk nor exports."""
    running = start(*TINY, "--refuse", "acme=export", "--refuse", "acme=talk")
    client = running.zendesk()
    assert client.get(f"{TALK}/calls.json?start_time=0").status_code == 404
    assert client.get("incremental/organizations.json?start_time=0").status_code == 403


def test_refusals_are_of_one_account_and_of_one_process(start):
    """The other account answers, and so does the same one after a restart."""
    running = start("--account", "globex=40", *TINY, "--refuse", "acme=export")
    path = "incremental/organizations.json?start_time=0"
    assert running.zendesk("acme").get(path).status_code == 403
    assert running.zendesk("globex").get(path).status_code == 200
    running.stop()
    assert start(folder=running.folder).zendesk("acme").get(path).status_code == 200


def test_surveys_take_the_place_of_ratings(start):
    """The same customers' marks, on a scale of five, with the ticket that they are about."""
    running = start(*TINY, "--csat", "acme=survey")
    client = running.zendesk()
    refused = client.get("satisfaction_ratings.json")
    assert (refused.status_code, refused.json()["error"]) == (404, "InvalidEndpoint")
    told = client.get("guide/survey_responses.json", params={"page[size]": 100}).json()
    responses = told["survey_responses"]
    assert responses
    assert len({one["id"] for one in responses}) == len(responses)
    for one in responses:
        mark = one["answers"][0]
        assert 1 <= mark["rating"] <= 5
        assert (mark["rating"] >= 4) == (mark["rating_category"] == "good")
        assert [each["rating"] for each in mark["question"]["options"]] == [1, 2, 3, 4, 5]
        assert one["subjects"][0]["zrn"] == f"zen:ticket:{one['subjects'][0]['id']}"
    lift = {"account": "acme", "what": []}
    assert running.control().post("/refusals", json=lift).status_code == 204
    assert client.get("satisfaction_ratings.json").status_code == 404, "what is no refusal stays"


def test_surveys_are_the_ratings_that_were_given(start):
    """Ticket by ticket, instant by instant; what was only offered is no answer."""
    running = start(*TINY)
    client = running.zendesk()
    listed = client.get("satisfaction_ratings.json").json()["satisfaction_ratings"]
    given = {str(one["ticket_id"]): one for one in listed if one["score"] in ("good", "bad")}
    assert 0 < len(given) < len(listed)
    running.stop()
    client = start("--csat", "acme=survey", folder=running.folder).zendesk()
    told = client.get("guide/survey_responses.json").json()["survey_responses"]
    assert len(told) == len(given)
    for one in told:
        mark, words = one["answers"]
        rating = given[one["subjects"][0]["id"]]
        assert mark["rating_category"] == rating["score"]
        assert mark["created_at"] == rating["created_at"]
        assert words.get("value") == rating["comment"]
        assert words["type"] == ("open_ended" if rating["comment"] else "skipped")


def test_surveys_are_filtered_and_paged(start):
    """Pages of two by cursor hold each answer once; the filter is of Unix seconds, both in it."""
    client = start(*TINY, "--csat", "acme=survey").zendesk()
    path, size = "guide/survey_responses.json", {"page[size]": 2}
    whole = client.get(path, params={"page[size]": 100}).json()["survey_responses"]
    found, following = [], size
    while following:
        told = client.get(path, params=following).json()
        found += [one["id"] for one in told["survey_responses"]]
        after = {"page[after]": told["meta"]["after_cursor"]}
        following = size | after if told["meta"]["has_more"] else None
    assert found == [one["id"] for one in whole]
    assert len(found) > 2
    at = int(datetime.fromisoformat(whole[1]["answers"][0]["created_at"]).timestamp())
    bounds = {"filter[created_at_start]": at, "filter[created_at_end]": at}
    told = client.get(path, params=bounds).json()["survey_responses"]
    assert whole[1]["id"] in [one["id"] for one in told]
    assert len(told) < len(whole)
    bounds = {"filter[created_at_start]": 1, "filter[created_at_end]": 2}
    assert client.get(path, params=bounds).json()["survey_responses"] == []


def test_lists_count_themselves(start):
    """Users, companies and groups at a path of their own, policies within the list."""
    client = start(*TINY).zendesk()
    for name in ("users", "organizations", "groups", "ticket_fields"):
        whole, after = [], {}
        while True:
            told = client.get(f"{name}.json", params={"page[size]": 100, **after}).json()
            whole += told[name]
            if not told["meta"]["has_more"]:
                break
            after = {"page[after]": told["meta"]["after_cursor"]}
        assert client.get(f"{name}/count.json").json()["count"]["value"] == len(whole)
    policies = client.get("slas/policies.json").json()
    assert policies["count"] == len(policies["sla_policies"])


def test_a_ticket_brings_its_metric_events_and_its_count_of_comments(start):
    """As the export and the comments have them."""
    client = start(*TINY).zendesk()
    exported = client.get("incremental/ticket_metric_events.json?start_time=0").json()
    number = exported["ticket_metric_events"][0]["ticket_id"]
    params = {"include": "metric_events,comment_count"}
    ticket = client.get(f"tickets/{number}.json", params=params).json()["ticket"]
    told = [event for events in ticket["metric_events"].values() for event in events]
    mine = [one for one in exported["ticket_metric_events"] if one["ticket_id"] == number]
    assert sorted(told, key=lambda one: one["id"]) == sorted(mine, key=lambda one: one["id"])
    comments = client.get(f"tickets/{number}/comments.json").json()["comments"]
    assert ticket["comment_count"] == len(comments)
    many = client.get(f"tickets/show_many.json?ids={number}&include=comment_count,users").json()
    assert many["tickets"][0]["comment_count"] == len(comments)
    assert many["tickets"][0]["requester_id"] in {one["id"] for one in many["users"]}


def test_users_are_listed_by_one_role_or_several(start):
    """``role`` or ``role[]``, in the list and in its count, from page to page."""
    client = start(*TINY).zendesk()
    counts = {}
    for roles in (["admin"], ["agent"], ["end-user"], ["admin", "agent"]):
        name = "role[]" if len(roles) > 1 else "role"
        query = [(name, one) for one in roles]
        told = client.get("users/count.json", params=query).json()
        counts[tuple(roles)] = told["count"]["value"]
        found, url = [], f"users.json?{urlencode([*query, ('page[size]', 10)])}"
        while url:
            page = client.get(url).json()
            found += page["users"]
            url = page["links"]["next"]
        assert {one["role"] for one in found} == set(roles)
        assert len({one["id"] for one in found}) == len(found) == counts[tuple(roles)]
    assert counts["admin", "agent"] == counts["admin",] + counts["agent",]
    assert client.get("users/count.json").json()["count"]["value"] == (
        counts["admin", "agent"] + counts["end-user",]
    )
    assert client.get("users.json?role=cook").status_code == 422


def test_many_users_are_shown_at_once(start):
    """As one by one; those that do not exist are left out, and without ids it is an error."""
    client = start(*TINY).zendesk()
    ids = [one["id"] for one in client.get("users.json").json()["users"]][:20:5]
    told = client.get(f"users/show_many.json?ids={','.join(map(str, ids))},1").json()
    assert [one["id"] for one in told["users"]] == ids
    assert told["count"] == len(ids)
    assert told["users"][0] == client.get(f"users/{ids[0]}.json").json()["user"]
    assert client.get("users/show_many.json").status_code == 400


def test_companies_are_listed_by_cursor(start):
    """Page by page each once, as the export has them."""
    client = start(*TINY).zendesk()
    found, url = [], "organizations.json?page[size]=3"
    while url:
        page = client.get(url).json()
        found += page["organizations"]
        url = page["links"]["next"]
    exported = client.get("incremental/organizations.json?start_time=0").json()["organizations"]
    assert sorted(found, key=lambda one: one["id"]) == sorted(exported, key=lambda one: one["id"])
    assert len(found) > 3


def test_a_list_of_tickets_counts_comments_and_brings_people(start):
    """``include=comment_count,users``, which is not there unasked."""
    client = start(*TINY).zendesk()
    params = {"page[size]": 10, "include": "comment_count,users"}
    told = client.get("tickets.json", params=params).json()
    users = {one["id"] for one in told["users"]}
    for ticket in told["tickets"]:
        comments = client.get(f"tickets/{ticket['id']}/comments.json").json()["comments"]
        assert ticket["comment_count"] == len(comments)
        assert {ticket["requester_id"], ticket["assignee_id"]} - {None} <= users
    plain = client.get("tickets.json", params={"page[size]": 10}).json()
    assert "users" not in plain
    assert "comment_count" not in plain["tickets"][0]
