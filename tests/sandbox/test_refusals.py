"""What an account does not allow, and the lists that stand beside the exports."""

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
    running = start(*TINY, "--refuse", "acme=csat")
    client = running.zendesk()
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
    params = {"filter[created_at_start]": 1, "filter[created_at_end]": 2, "page[size]": 100}
    assert client.get("guide/survey_responses", params=params).json()["survey_responses"] == []


def test_lists_count_themselves(start):
    """Users, companies and groups at a path of their own, policies within the list."""
    client = start(*TINY).zendesk()
    for name in ("users", "organizations", "groups"):
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
