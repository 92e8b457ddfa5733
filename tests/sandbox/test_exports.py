"""The incremental exports and lists: complete, in order, with their quirks."""

import itertools
import time

import httpx
import pytest

TICKETS = "incremental/tickets/cursor.json?start_time=0&support_type_scope=all"


@pytest.mark.parametrize("rows", [1000, 97, 10])
def test_union_of_cursor_pages_is_every_ticket_once(acme, pages, tickets, rows):
    """Whatever the page size, the pages hold every ticket exactly once, by generated timestamp."""
    told = pages(acme, f"{TICKETS}&per_page={rows}", "after_url")
    found = [one for page in told for one in page["tickets"]]
    assert sorted(one["id"] for one in found) == sorted(tickets) == list(range(1, 241))
    stamps = [one["generated_timestamp"] for one in found]
    assert stamps == sorted(stamps)
    assert all(len(page["tickets"]) <= rows for page in told)


@pytest.mark.parametrize(
    ("path", "key", "rows"),
    [
        ("incremental/ticket_events.json?start_time=0", "ticket_events", 50),
        ("incremental/ticket_metric_events.json?start_time=0", "ticket_metric_events", 90),
        ("incremental/tickets.json?start_time=0", "tickets", 20),
        ("incremental/users.json?start_time=0", "users", 20),
        ("incremental/organizations.json?start_time=0", "organizations", 3),
    ],
)
def test_time_based_pages_repeat_only_the_boundary(acme, pages, path, key, rows):
    """Small pages hold the same records as one large page, the boundary second repeated."""
    small = pages(acme, f"{path}&per_page={rows}", "next_page")
    whole = pages(acme, path, "next_page")
    ids = [[one["id"] for one in page[key]] for page in small]
    assert {one for page in ids for one in page} == {r["id"] for p in whole for r in p[key]}
    assert len(small) > 2
    if key != "ticket_metric_events":  # the boundary's step need not move a metric
        assert all(set(a) & set(b) for a, b in itertools.pairwise(ids))
    ends = [page["end_time"] for page in small]
    assert ends == sorted(set(ends)) or ends[:-1] == sorted(set(ends[:-1]))


def test_seconds_may_have_a_point(acme):
    """As Singer's connector sends them; what is no number of seconds is refused."""
    path = "incremental/tickets/cursor.json?start_time="
    whole, pointed = (acme.get(f"{path}{told}").json()["tickets"] for told in ("0", "0.0"))
    assert [one["id"] for one in pointed] == [one["id"] for one in whole] != []
    assert acme.get(f"{path}yesterday").status_code == 422


def test_users_come_once_with_identities(acme, pages):
    """The cursor export of users has everybody once, deleted ones without an address."""
    told = pages(
        acme,
        "incremental/users/cursor.json?start_time=0&include=identities&per_page=25",
        "after_url",
    )
    users = [one for page in told for one in page["users"]]
    assert len({one["id"] for one in users}) == len(users) > 140
    owners = {one["user_id"] for page in told for one in page["identities"]}
    assert owners == {one["id"] for one in users if one["active"]}
    assert all(one["email"] is None for one in users if not one["active"])


def test_bot_tickets_come_only_when_asked_for(acme, pages, tickets):
    """``support_type_scope`` defaults to agents; ``ai_agent`` shows the rest."""
    agents = pages(acme, "incremental/tickets/cursor.json?start_time=0", "after_url")
    bots = pages(
        acme,
        "incremental/tickets/cursor.json?start_time=0&support_type_scope=ai_agent",
        "after_url",
    )
    counts = [sum(len(page["tickets"]) for page in told) for told in (agents, bots)]
    assert sum(counts) == len(tickets)
    assert counts[1] > 0


def test_start_in_the_newest_minute_is_refused(acme):
    """422 ``Too recent start_time``, for both kinds of export."""
    start = int(time.time()) - 30
    for path in ("incremental/tickets/cursor.json", "incremental/ticket_events.json"):
        answer = acme.get(path, params={"start_time": start})
        assert answer.status_code == 422
        assert "Too recent start_time" in answer.json()["description"]


def test_start_without_changes_is_an_empty_end(acme):
    """Nothing new: no rows, end of stream; the cursor form then has no cursor to go on with."""
    start = int(time.time()) - 61
    told = acme.get("incremental/tickets/cursor.json", params={"start_time": start}).json()
    assert (told["tickets"], told["end_of_stream"], told["after_cursor"]) == ([], True, None)
    events = acme.get("incremental/ticket_events.json", params={"start_time": start}).json()
    assert (events["ticket_events"], events["end_of_stream"]) == ([], True)


def test_generated_timestamp_moves_without_updated_at(tickets):
    """System updates bump the generated timestamp alone."""
    later = [
        one
        for one in tickets.values()
        if time.strftime("%FT%TZ", time.gmtime(one["generated_timestamp"])) > one["updated_at"]
    ]
    assert later


def test_sideloads_stand_beside_the_tickets(acme):
    """``include=users,groups,organizations`` adds the people of the page."""
    query = "start_time=0&per_page=20&include=metric_sets,users,groups,organizations"
    told = acme.get(f"incremental/tickets/cursor.json?{query}").json()
    users = {one["id"] for one in told["users"]}
    assert {one["requester_id"] for one in told["tickets"]} <= users
    assert {one["group_id"] for one in told["tickets"]} <= {one["id"] for one in told["groups"]}
    companies = {one["organization_id"] for one in told["tickets"]} - {None}
    assert companies == {one["id"] for one in told["organizations"]}
    assert "metric_set" in told["tickets"][0]


@pytest.mark.parametrize("kind", ["calls", "legs"])
def test_talk_ends_by_standing_still(acme, kind):
    """Talk has no end of stream; ``next_page`` repeats the last second for ever."""
    path = f"channels/voice/stats/incremental/{kind}"
    url, found, start = f"{path}.json?start_time=0&per_page=5", {}, 0
    while True:
        told = acme.get(url).json()
        assert "end_of_stream" not in told
        found |= {one["id"]: one for one in told[kind]}
        if told["end_time"] == start:
            break
        url, start = told["next_page"], told["end_time"]
    whole = acme.get(f"{path}.json?start_time=0").json()[kind]
    assert set(found) == {one["id"] for one in whole}


def test_list_mode_ignores_start_time_and_sorts(acme, tickets):
    """``/tickets`` by cursor: newest first, without deleted ones, whatever ``start_time``."""
    query = "sort=-updated_at&page[size]=30&include=metric_sets&start_time=1900000000"
    found, url = [], f"tickets.json?{query}"
    while url:
        told = acme.get(url).json()
        found += told["tickets"]
        url = told["links"]["next"]
    assert {one["id"] for one in found} == {
        one["id"] for one in tickets.values() if one["status"] != "deleted"
    }
    updated = [one["updated_at"] for one in found]
    assert updated == sorted(updated, reverse=True)


def test_deleted_tickets_are_in_the_export_and_in_the_list_of_deletions(acme, tickets):
    """A deleted ticket stays in the export as such, is listed as deleted, and is 404 by id."""
    gone = {one["id"] for one in tickets.values() if one["status"] == "deleted"}
    listed = acme.get("deleted_tickets.json?page[size]=100").json()["deleted_tickets"]
    assert gone == {one["id"] for one in listed} != set()
    answer = acme.get(f"tickets/{min(gone)}.json")
    assert (answer.status_code, answer.json()["error"]) == (404, "RecordNotFound")


def test_show_many_leaves_out_what_is_not_there(acme, tickets):
    """Unknown and deleted ids are missing from the answer."""
    gone = next(one["id"] for one in tickets.values() if one["status"] == "deleted")
    kept = next(one["id"] for one in tickets.values() if one["status"] != "deleted")
    told = acme.get(f"tickets/show_many.json?ids={kept},{gone},999999").json()
    assert [one["id"] for one in told["tickets"]] == [kept]


def test_unknown_paths_and_plans_differ_from_unknown_records(acme):
    """``InvalidEndpoint`` for what the plan has not, ``RecordNotFound`` for an id."""
    assert acme.get("guide/survey_responses.json").json()["error"] == "InvalidEndpoint"
    assert acme.get("tickets/999999.json").json()["error"] == "RecordNotFound"


def test_offset_paging_ends_at_ten_thousand(acme):
    """Page 101 of 100 rows is refused."""
    assert acme.get("tickets.json?page=101&per_page=100").status_code == 400


def test_small_lists_are_served(acme):
    """Groups, brands, fields, statuses, schedules, holidays, policies, account, Help Center."""
    for path, key in (
        ("groups", "groups"), ("brands", "brands"), ("ticket_fields", "ticket_fields"),
        ("custom_statuses", "custom_statuses"), ("slas/policies", "sla_policies"),
        ("account", "account"), ("account/settings", "settings"), ("users/me", "user"),
        ("help_center/en-us/sections", "sections"), ("help_center/categories", "categories"),
    ):  # fmt: skip
        assert acme.get(f"{path}.json").json()[key], path
    schedule = acme.get("business_hours/schedules.json").json()["schedules"][0]
    holidays = acme.get(f"business_hours/schedules/{schedule['id']}/holidays.json").json()
    assert len(schedule["intervals"]) == 5
    assert len(holidays["holidays"]) == 1


def test_help_center_has_one_procedure_of_five_steps(acme):
    """The article labelled ``sop`` has five numbered steps."""
    told = acme.get("help_center/incremental/articles.json?start_time=0").json()
    assert "end_of_stream" not in told
    assert told["next_page"] is None
    procedure = [one for one in told["articles"] if "sop" in one["label_names"]]
    assert [one["title"] for one in procedure] == ["Identity verification before account changes"]
    assert procedure[0]["body"].count("<li>") == 5
    same = acme.get(f"help_center/articles/{procedure[0]['id']}.json").json()["article"]
    assert same == procedure[0]


def test_accounts_share_no_id_and_no_canary(sandbox, acme):
    """Users of two accounts differ in id; each canary's data stands in its account alone."""
    globex = sandbox.zendesk("globex")
    path = "incremental/tickets/cursor.json?start_time=0&support_type_scope=all&include=users"
    events = "incremental/ticket_events.json?start_time=0&include=comment_events"
    texts = {}
    for name, client in (("acme", acme), ("globex", globex)):
        texts[name] = client.get(path).text + _everything(client, events)
    for name, other in (("acme", "globex"), ("globex", "acme")):
        for person in sandbox.told["canaries"][name]:
            for value in person.values():
                assert value in texts[name], (name, value)
                assert value not in texts[other], (other, value)


def _everything(client: httpx.Client, url: str) -> str:
    text = ""
    while url:
        answer = client.get(url)
        text += answer.text
        url = None if answer.json()["end_of_stream"] else answer.json()["next_page"]
    return text
