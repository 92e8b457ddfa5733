"""What lies beside the rows: recordings, messages, work of models under way, what dbt has built."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
import pytest
from sqlalchemy import URL, Connection, Engine, inspect, text

from cli.connect import connect_slack
from cli.peers import Sandbox
from tasks.errors import ConfigurationError, NotAllowedError, PermanentError, TransientError
from tasks.escalate import _post
from tasks.escalation import SlackChannel
from tasks.recording_ends import sweep_objects
from tasks.resources import opened
from tasks.rights import approve, ask, erase, named, retract_messages, serve_erasures
from tasks.rights.erasures import NOT_IN_SLACK, _erase_rows
from tasks.storage import open_stores
from tests.tasks.rights.conftest import Approved
from tests.tasks.rights.desk import INES, MARIA, MARIAS, OTTO, Desk, page_of
from tests.tasks.rights.finding import found_of
from warehouse import outbox, requests
from warehouse.ledger import exclusive
from warehouse.loading import Rows, merge
from warehouse.opt_outs import forget_opted_out, forget_outdated
from warehouse.outbox import Message
from warehouse.recordings import (
    PendingRecording,
    Stored,
    hold_recording,
    note_stored,
    pending_recordings,
    set_recording_state,
)
from warehouse.sessions import engine_for, tenant_session
from warehouse.tables.ai import turn_sentiments

SENTIMENT = ("comment_id", "turn_no", "model_version", "ticket_id", "score", "confidence")


def request_of(desk: Desk, approved: Approved, user_id: int = MARIA) -> UUID:
    return approved(desk.resources, named(desk.resources, user_id=user_id))


def rows(desk: Desk, statement: str) -> list[object]:
    with desk.resources.session() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def feel(desk: Desk, comment: int, ticket: int) -> None:
    """A model has read a comment."""
    at = desk.as_of
    row = (comment, 0, "m", ticket, 0.5, 0.5, at, at)
    with desk.resources.session() as connection:
        columns = (*SENTIMENT, "said_at", "changed_at")
        org_id = desk.resources.organization.org_id
        merge(connection, org_id, Rows(turn_sentiments, columns, [row]))


def test_killed_between_its_parts_it_goes_on(desk: Desk, approved: Approved) -> None:
    """The rows were erased and nothing else: the request is approved still, and done next time."""
    request_id = request_of(desk, approved)
    first = _erase_rows(desk.resources, request_id)
    assert found_of(desk.resources, MARIAS) == {}
    with desk.resources.session() as connection:
        assert requests.find(connection, request_id).state == "approved"
    assert serve_erasures(desk.resources)["done"] == 1
    with desk.resources.session() as connection:
        done = requests.find(connection, request_id)
    assert done.receipt["people"] == first["people"] == 1
    assert done.receipt["erased_at"] <= done.receipt["verified_at"]
    assert done.names.user_id is None


def test_what_cannot_be_finished_changes_nothing(
    desk: Desk, approved: Approved, superuser: URL
) -> None:
    """One row that would be left, in whatever table, and the whole transaction is undone."""
    request_id = request_of(desk, approved)
    before = found_of(desk.resources, MARIAS)
    org_id = desk.resources.organization.org_id
    with psycopg.connect(superuser.render_as_string(hide_password=False)) as connection:
        connection.execute(
            "create rule stuck as on update to zendesk.call_legs"
            f" where old.org_id = '{org_id}' do instead nothing"
        )
        connection.commit()
        try:
            with pytest.raises(PermanentError, match=r"changed nothing: 1 in zendesk.call_legs$"):
                erase(desk.resources, request_id)
        finally:
            connection.execute("drop rule stuck on zendesk.call_legs")
    assert found_of(desk.resources, MARIAS) == before
    assert erase(desk.resources, request_id)["people"] == 1


def test_a_run_under_way_delays_the_rest_and_nothing_more(desk: Desk, approved: Approved) -> None:
    """The rows go at once; what lies beside them when the run has ended."""
    request_id = request_of(desk, approved)
    with (
        exclusive(desk.resources.engine, desk.resources.organization),
        pytest.raises(TransientError, match=r"rows are erased.*goes on"),
    ):
        erase(desk.resources, request_id)
    assert found_of(desk.resources, MARIAS) == {}
    with exclusive(desk.resources.engine, desk.resources.organization):
        assert serve_erasures(desk.resources) == {"done": 0, "waiting": 1, NOT_IN_SLACK: 0}
    assert serve_erasures(desk.resources)["done"] == 1


def test_what_a_model_stores_of_words_that_are_gone_is_undone(
    desk: Desk, approved: Approved
) -> None:
    """It read before, and stores afterwards: of a ticket of theirs, and of one they wrote in."""
    for comment, ticket in ((1_001, 1), (2_001, 2), (2_101, 2), (3_002, 3)):
        feel(desk, comment, ticket)
    erase(desk.resources, request_of(desk, approved))
    assert rows(desk, "select comment_id from ai.turn_sentiments") == []
    for comment, ticket in ((1_001, 1), (2_001, 2), (2_101, 2), (3_002, 3)):
        feel(desk, comment, ticket)
    with desk.resources.session() as connection:
        forget_opted_out(connection, [1, 2, 3])
        forget_outdated(connection, [(1, 1_001), (2, 2_001), (2, 2_101), (3, 3_002)])
    assert rows(desk, "select comment_id from ai.turn_sentiments") == [(3_002,)]


@pytest.fixture
def recording(desk: Desk) -> PendingRecording:
    with desk.resources.session() as connection:
        (found,) = pending_recordings(connection, "pending")
    return found


def test_a_recording_that_is_fetched_or_heard_meanwhile_is_not_stored(
    desk: Desk, approved: Approved, recording: PendingRecording
) -> None:
    erase(desk.resources, request_of(desk, approved))
    with desk.resources.session() as connection:
        assert not note_stored(connection, recording, Stored(None, 1, 1, b""))
        assert not set_recording_state(connection, recording, "transcribed")
        assert not hold_recording(connection, recording)
        assert pending_recordings(connection, "pending") == []
    assert rows(desk, "select state, reason from zendesk.recordings") == [("gone", "erased")]


def test_an_object_in_a_store_goes_with_it(
    desk: Desk,
    approved: Approved,
    recording: PendingRecording,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VENSOR_RECORDINGS_URL", (tmp_path / "kept").as_uri())
    with (
        opened(desk.resources.organization.slug) as resources,
        open_stores(resources.settings, resources.organization.org_id) as stores,
    ):
        placed = stores.objects.put(recording, [b"sealed"])
        with resources.session() as connection:
            note_stored(connection, recording, Stored(placed.location, 1, 6, b""))
        assert sweep_objects(resources, stores) == 0
        erase(resources, request_of(desk, approved))
        assert stores.objects.names() == set()


def test_an_agent_who_is_erased_leaves_customers_tickets_whole(
    desk: Desk, approved: Approved
) -> None:
    """Their own words, figures and pseudonym go, and their id wherever it stood."""
    resources = desk.resources
    with resources.session() as connection:
        connection.execute(
            text(
                "insert into app.agent_pseudonyms (org_id, agent_id, agent_key)"
                " values (app.org_id(), :id, 'key')"
            ),
            {"id": INES},
        )
        change = "insert into zendesk.audit_events (org_id, id, audit_id, ticket_id, event_type,"
        change += (
            " field_name, previous_value, value, created_at, changed_at) values (app.org_id(),"
        )
        change += " 5, 5, 2, 'Change', 'assignee_id', :id, :id, now(), now())"
        connection.execute(text(change), {"id": str(INES)})
    receipt = erase(resources, request_of(desk, approved, INES))
    assert receipt["agents among them"] == 1
    assert rows(desk, "select distinct comment_id from zendesk.comment_contents order by 1") == [
        (1_001,), (2_001,), (2_101,), (3_002,),
    ]  # fmt: skip
    assert rows(desk, "select distinct assignee_id, erased_at from zendesk.tickets") == [
        (None, None)
    ]
    assert rows(desk, "select agent_id from zendesk.calls") == [(None,)]
    assert rows(desk, "select value, previous_value from zendesk.audit_events where id = 5") == [
        (None, None)
    ]
    assert rows(desk, "select agent_id from app.agent_pseudonyms") == []
    desk.load_all()
    assert rows(desk, "select id from zendesk.tickets where assignee_id is not null") == []
    assert rows(desk, "select id from zendesk.calls where agent_id is not null") == []


@pytest.fixture
def slack(desk: Desk, sandbox: Sandbox) -> SlackChannel:
    """The organization's channel in the sandbox."""
    told = sandbox.slack
    where = {"base_url": told["base_url"], "channel": told["channels"]["acme"]}
    connect_slack(desk.resources, token=told["bot_token"], **where)
    return SlackChannel(token=told["bot_token"], **where)


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.control_token}"}
    with httpx.Client(base_url=sandbox.control_url, headers=headers, timeout=10) as found:
        yield found
        found.delete("/faults")


def message(desk: Desk, sandbox: Sandbox, name: str, ticket: int) -> Message:
    key = f"{name}/{desk.resources.organization.slug}"
    link = f"<https://desk.example/agent/tickets/{ticket}|#{ticket}>"
    section = {"type": "section", "text": {"type": "mrkdwn", "text": link}}
    return Message(key, sandbox.slack["channels"]["acme"], [section], f"{key} {link}", "pending")


def in_slack(control: httpx.Client, desk: Desk) -> set[str]:
    slug = desk.resources.organization.slug
    told = control.get("/slack/messages").json()["messages"]
    return {one["text"].split("/")[0] for one in told if f"/{slug} " in one.get("text", "")}


def test_messages_that_name_their_tickets_are_deleted_in_slack(
    desk: Desk,
    approved: Approved,
    slack: SlackChannel,
    sandbox: Sandbox,
    control: httpx.Client,
) -> None:
    """Those of others stay. While Slack is away the receipt says so, and it is tried again."""
    resources, org_id = desk.resources, desk.resources.organization.org_id
    said = [message(desk, sandbox, "theirs", 2), message(desk, sandbox, "others", 20)]
    waiting = message(desk, sandbox, "waiting", 1)
    with resources.session() as connection:
        for one in said:
            outbox.put(connection, org_id, one)
    for one in said:
        assert _post(resources, slack, one) == 1
    with resources.session() as connection:
        outbox.put(connection, org_id, waiting)
    assert in_slack(control, desk) == {"theirs", "others"}
    away = {"path": "chat.delete", "kind": "500", "times": 50}
    assert control.post("/faults", json=away).is_success
    receipt = erase(resources, request_of(desk, approved))
    assert receipt[NOT_IN_SLACK] == 1
    assert "/tickets/2" not in str(
        rows(desk, "select blocks, fallback from app.outbox where state = 'retracting'")
    )
    assert _post(resources, slack, waiting) == 0, "it was taken back before it was said"
    assert in_slack(control, desk) == {"theirs", "others"}
    control.delete("/faults")
    assert retract_messages(resources) == 0
    assert in_slack(control, desk) == {"others"}
    found = rows(desk, "select split_part(message_key, '/', 1), state from app.outbox order by 1")
    assert found == [("others", "posted"), ("theirs", "retracted")]


@pytest.fixture
def transformer(desk: Desk) -> Iterator[Engine]:
    made = engine_for(desk.resources.logins.transformer)
    yield made
    made.dispose()


def test_what_dbt_has_built_names_nobody(
    desk: Desk, approved: Approved, transformer: Engine
) -> None:
    """The last build's scratch, and agents' ids in facts."""
    org_id = desk.resources.organization.org_id
    scratch, facts = "intermediate.int_changed_ticket_rows", "metrics.fct_reply"
    events = "metrics.fct_agent_event"
    with tenant_session(transformer, org_id) as connection:
        connection.execute(
            text(f"insert into {scratch} (org_id, ticket_id, requester_id) values (:org, 1, :id)"),
            {"org": org_id, "id": MARIA},
        )
        for comment, agent in ((1, INES), (2, OTTO)):
            columns = {"org_id": org_id, "ticket_id": 1, "comment_id": comment, "agent_id": agent}
            _fill(connection, facts, columns)
            _fill(connection, events, {"org_id": org_id, "event_no": comment, "agent_id": agent})
    erase(desk.resources, request_of(desk, approved))
    erase(desk.resources, request_of(desk, approved, INES))
    with tenant_session(transformer, org_id) as connection:
        assert connection.execute(text(f"select count(*) from {scratch}")).scalar_one() == 0
        found = connection.execute(text(f"select comment_id, agent_id from {facts} order by 1"))
        assert [tuple(row) for row in found] == [(1, None), (2, OTTO)]
        left = connection.execute(text(f"select agent_id from {events}")).scalars()
        assert list(left) == [OTTO], "nothing without its agent"


def _fill(connection: Connection, table: str, values: dict[str, object]) -> None:
    """A row with these values, and any where one has to be."""
    schema, name = table.split(".")
    anything = {
        "DATE": date(2026, 1, 1),
        "TEXT": "x",
        "TIMESTAMP": datetime(2026, 1, 1, tzinfo=UTC),
    }
    for column in inspect(connection).get_columns(name, schema=schema):
        if not column["nullable"]:
            kind = str(column["type"]).split("(")[0]
            values.setdefault(column["name"], anything.get(kind, 0))
    names = ", ".join(values)
    places = ", ".join(f":{one}" for one in values)
    connection.execute(text(f"insert into {table} ({names}) values ({places})"), values)


def test_four_eyes(desk: Desk, approved: Approved) -> None:
    """What nobody else has approved is not done; what is done is done once, and who is said."""
    resources, person = desk.resources, named(desk.resources, user_id=MARIA)
    request_id = ask(resources, "erase", person)
    assert ask(resources, "erase", person) == request_id, "asked twice it is one"
    with pytest.raises(NotAllowedError, match="four eyes"):
        approve(resources, request_id)
    with pytest.raises(ConfigurationError, match="vensor privacy approve"):
        erase(resources, request_id)
    assert serve_erasures(resources)["done"] == 0
    other = approved(resources, person)
    assert serve_erasures(resources) == {"done": 1, "waiting": 0, NOT_IN_SLACK: 0}
    with pytest.raises(ConfigurationError, match="ended already: done"):
        erase(resources, other)
    ((told,),) = rows(desk, "select details::text from audit.events where action = 'privacy.erase'")
    assert str(other) in told
    assert not [mark for mark in MARIAS.marks if mark in told]


def test_somebody_unknown_is_kept_out_all_the_same(desk: Desk, approved: Approved) -> None:
    """The request names an address that nobody has yet."""
    person = named(desk.resources, email="later@example.com")
    receipt = erase(desk.resources, approved(desk.resources, person))
    assert receipt["tombstones"] == 1
    desk.load("users", page_of(users=[desk.user(12, "Late", email="Later@example.com")]))
    assert rows(desk, "select id from zendesk.users where id = 12") == []


def test_another_organization_s_people_of_the_same_ids_are_untouched(
    desk: Desk, approved: Approved, other_organization: object, as_of: datetime
) -> None:
    """Neither their rows nor their ways in."""
    with opened(other_organization.slug) as theirs:  # type: ignore[attr-defined]
        other = Desk(theirs, as_of)
        other.load_all()
        before = found_of(theirs, MARIAS)
        erase(desk.resources, request_of(desk, approved))
        assert found_of(theirs, MARIAS) == before
        other.load_all()
        assert found_of(theirs, MARIAS) == before
