"""One world seen from many endpoints: what they say agrees."""

import itertools
from collections import Counter
from datetime import datetime

import pytest

ENDED = ("solved", "closed")
SAMPLE = 40


def seconds(instant):
    return datetime.fromisoformat(instant).timestamp()


def history(events, field):
    """(instant, value) of each change of a field in a ticket's events."""
    return [
        (one["timestamp"], child[field])
        for one in events
        for child in one["child_events"]
        if field in child
    ]


@pytest.fixture(scope="session")
def metric_events(acme, pages):
    path = "incremental/ticket_metric_events.json?start_time=0"
    found = {
        one["id"]: one
        for page in pages(acme, path, "next_page")
        for one in page["ticket_metric_events"]
    }
    told = {}
    for one in found.values():
        told.setdefault(one["ticket_id"], []).append(one)
    return told


@pytest.fixture(scope="session")
def sample(tickets):
    """Tickets that can be read one by one, spread over the whole range."""
    kept = sorted(n for n, one in tickets.items() if one["status"] != "deleted")
    return kept[:: max(1, len(kept) // SAMPLE)]


def test_events_lead_to_the_state_of_the_ticket(tickets, events):
    """The last value of status, priority, group, assignee and tags is the ticket's own."""
    for number, ticket in tickets.items():
        told = {
            field: history(events[number], field)
            for field in ("status", "priority", "group_id", "assignee_id", "tags")
        }
        if ticket["status"] != "deleted":
            assert told["status"][-1][1] == ticket["status"]
        assert [v for _, v in told["priority"]][-1:] == (
            [ticket["priority"]] if ticket["priority"] else []
        )
        assert told["group_id"][-1][1] == str(ticket["group_id"])
        assignee = told["assignee_id"][-1][1] if told["assignee_id"] else None
        assert assignee == (str(ticket["assignee_id"]) if ticket["assignee_id"] else None)
        assert told["tags"][-1][1] == ticket["tags"]


def test_events_run_from_creation_to_the_last_update(tickets, events):
    """The first event is the creation, none lies after the last update, instants never fall."""
    for number, ticket in tickets.items():
        stamps = [one["timestamp"] for one in events[number]]
        assert stamps[0] == seconds(ticket["created_at"])
        assert stamps == sorted(stamps)
        assert stamps[-1] <= seconds(ticket["updated_at"]) <= ticket["generated_timestamp"]


def test_metric_set_agrees_with_the_events(tickets, events):
    """Solved instant, reopens, replies and resolution minutes follow from the events."""
    for number, ticket in tickets.items():
        metrics, created = ticket["metric_set"], events[number][0]["timestamp"]
        statuses = history(events[number], "status")
        entered = [
            at
            for place, (at, status) in enumerate(statuses)
            if status in ENDED and (place == 0 or statuses[place - 1][1] not in ENDED)
        ]
        if statuses[-1][1] in ENDED:
            assert seconds(metrics["solved_at"]) == entered[-1]
            full = metrics["full_resolution_time_in_minutes"]["calendar"]
            assert full == (entered[-1] - created) // 60
        else:
            assert metrics["solved_at"] is None
        left = sum(a[1] in ENDED and b[1] not in ENDED for a, b in itertools.pairwise(statuses))
        assert metrics["reopens"] == left
        changes = history(events[number], "assignee_id")
        assert metrics["assignee_stations"] == len(changes)


def test_first_reply_is_the_first_public_answer_of_an_agent(tickets, events):
    """The reply time runs from creation to the first public comment of an agent after it."""
    for number, ticket in tickets.items():
        created = events[number][0]["timestamp"]
        answered = next(
            (
                one["timestamp"]
                for one in events[number][1:]
                for child in one["child_events"]
                if child["event_type"] == "Comment"
                and child["public"]
                and child["author_id"] != ticket["requester_id"]
            ),
            None,
        )
        told = ticket["metric_set"]["reply_time_in_minutes"]["calendar"]
        assert told == (None if answered is None else (answered - created) // 60)


def test_waiting_times_fill_the_time_between_changes_of_status(tickets, events):
    """Agent wait and requester wait sum the statuses that have ended."""
    for number, ticket in tickets.items():
        spent = Counter()
        for (at, status), (following, _) in itertools.pairwise(history(events[number], "status")):
            spent[status] += following - at
        metrics = ticket["metric_set"]
        waits = spent["new"] + spent["open"] + spent["hold"]
        assert metrics["requester_wait_time_in_minutes"]["calendar"] == waits // 60
        assert metrics["agent_wait_time_in_minutes"]["calendar"] == spent["pending"] // 60
        assert metrics["on_hold_time_in_minutes"]["calendar"] == spent["hold"] // 60


def test_business_minutes_never_exceed_calendar_minutes(tickets):
    """Business time is a part of calendar time, and some of it is lost at night."""
    pairs = [
        (one["calendar"], one["business"])
        for ticket in tickets.values()
        for name, one in ticket["metric_set"].items()
        if name.endswith("_in_minutes") and one["calendar"] is not None
    ]
    assert all(business <= calendar for calendar, business in pairs)
    assert any(business < calendar for calendar, business in pairs)


def test_metric_events_agree_with_the_metric_set(tickets, metric_events):
    """The first fulfilled reply of the metric events ends the reply time of the set: that of a
    ticket which an agent or a call opened begins later, with the customer's first question.
    """
    for number, ticket in tickets.items():
        told = {
            one["type"]: seconds(one["time"])
            for one in metric_events[number]
            if one["metric"] == "reply_time" and one["instance_id"] == 1
        }
        minutes = ticket["metric_set"]["reply_time_in_minutes"]["calendar"]
        if "fulfill" in told and told["activate"] == seconds(ticket["created_at"]):
            assert minutes == (told["fulfill"] - told["activate"]) // 60
        elif "fulfill" in told:
            assert minutes is not None
            assert minutes <= (told["fulfill"] - seconds(ticket["created_at"])) // 60


def test_metric_events_open_before_they_close(metric_events):
    """Within an instance, activate comes first and fulfil last; a breach is of a running target."""
    for told in metric_events.values():
        instances = {}
        for one in told:
            instances.setdefault((one["metric"], one["instance_id"]), []).append(one)
        for (_, instance), marks in instances.items():
            if not instance:
                continue
            kinds = {one["type"]: seconds(one["time"]) for one in marks}
            assert kinds["activate"] <= min(kinds.values()) or "activate" in kinds
            if "fulfill" in kinds:
                assert kinds["fulfill"] == max(v for k, v in kinds.items() if k != "breach")
            if "breach" in kinds:
                assert "apply_sla" in kinds
                assert kinds["breach"] <= kinds.get("fulfill", kinds["breach"])


def test_comments_agree_with_events_and_audits(acme, events, sample):
    """The comment list, the child events and the audits hold the same comments."""
    for number in sample:
        listed = acme.get(f"tickets/{number}/comments.json").json()["comments"]
        children = [
            child
            for one in events[number]
            for child in one["child_events"]
            if child["event_type"] in ("Comment", "VoiceComment")
        ]
        audited = [
            event
            for audit in acme.get(f"tickets/{number}/audits.json").json()["audits"]
            for event in audit["events"]
            if event["type"] in ("Comment", "VoiceComment")
        ]
        keys = ("id", "body", "author_id", "public")
        views = [
            [tuple(one[k] for k in keys) for one in view] for view in (listed, children, audited)
        ]
        assert views[0] == views[1] == views[2]


def test_audits_change_what_the_events_change(acme, events, sample):
    """Field by field, the audits tell the same new values as the export."""
    for number in sample:
        audits = acme.get(f"tickets/{number}/audits.json").json()["audits"]
        told = {
            (audit["id"], event["id"], event["field_name"], str(event["value"]))
            for audit in audits
            for event in audit["events"]
            if event["type"] in ("Create", "Change")
        }
        skipped = {"id", "via", "via_reference_id", "event_type", "previous_value"}
        skipped |= {"added_tags", "removed_tags", "satisfaction_score"}
        exported = {
            (one["id"], child["id"], field, str(child[field]))
            for one in events[number]
            for child in one["child_events"]
            if child["event_type"] in ("Create", "Change")
            for field in set(child) - skipped
        }
        assert told == exported


def test_ratings_agree_with_the_tickets(acme, tickets):
    """Each given score stands in its ticket and in the list of ratings."""
    listed, url = [], "satisfaction_ratings.json?start_time=0&page[size]=100"
    while url:
        told = acme.get(url).json()
        listed += told["satisfaction_ratings"]
        url = told["links"]["next"]
    assert len({one["id"] for one in listed}) == len(listed)
    for one in listed:
        own = tickets[one["ticket_id"]]["satisfaction_rating"]
        assert own["score"] == one["score"]
        assert own.get("comment") == one["comment"]
    rated = {n for n, t in tickets.items() if t["satisfaction_rating"]["score"] in ("good", "bad")}
    assert rated == {one["ticket_id"] for one in listed if one["score"] in ("good", "bad")}


def test_voice_tickets_have_a_call_with_legs(acme, tickets, events):
    """A voice comment's call id is a call of Talk that names the ticket and has two legs."""
    base = "channels/voice/stats/incremental"
    calls = {one["id"]: one for one in acme.get(f"{base}/calls.json?start_time=0").json()["calls"]}
    legs = Counter(
        one["call_id"] for one in acme.get(f"{base}/legs.json?start_time=0").json()["legs"]
    )
    spoken = [n for n, one in tickets.items() if one["via"]["channel"] == "voice"]
    assert spoken
    for number in spoken:
        comment = events[number][0]["child_events"][0]
        assert comment["event_type"] == "VoiceComment"
        call = calls[comment["data"]["call_id"]]
        assert call["ticket_id"] == number
        assert call["talk_time"] == comment["data"]["call_duration"]
        assert legs[call["id"]] == 2
    dropped = [one for one in calls.values() if one["completion_status"] != "completed"]
    assert all(one["ticket_id"] is None and legs[one["id"]] == 1 for one in dropped)


def test_story_is_in_the_labels(tickets, labels):
    """Late refunds pile up at the end, and one agent alone skips identity checks."""
    assert set(labels) == set(tickets)
    refunds = sorted(n for n, one in labels.items() if one["category"] == "refund_delay")
    assert sum(n > 0.8 * len(labels) for n in refunds) > len(refunds) / 3
    careless = {one["agent_id"] for one in labels.values() if 2 in one["sop"]["violated"]}
    assert len(careless) == 1


def test_labels_hold_in_the_words_of_the_ticket(events, labels):
    """Where the identity check is met, an agent asks for it; where it is skipped, nobody does."""
    for number, label in labels.items():
        if not label["sop"]["applies"] or label["channel"] == "voice":
            continue
        said = " ".join(
            child["body"]
            for one in events[number]
            for child in one["child_events"]
            if child["event_type"] == "Comment" and child["public"]
        )
        verdict = label["sop"]["steps"][1]["verdict"]
        asks = "last order" in said or "most recent order" in said
        assert asks == (verdict == "met"), (number, verdict)


def test_sentiment_labels_name_the_customers_comments(events, labels, tickets):
    """Each labelled turn is a comment of the requester, its value from -1 to 1."""
    for number, label in labels.items():
        authors = {
            child["id"]: child["author_id"]
            for one in events[number]
            for child in one["child_events"]
            if child["event_type"] == "Comment"
        }
        for turn in label["sentiment"]["turns"]:
            assert authors[turn["comment_id"]] == tickets[number]["requester_id"]
            assert -1 <= turn["value"] <= 1
