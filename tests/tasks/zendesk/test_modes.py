"""An account that refuses its exports gives the same rows from its lists."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from cli.connect import connect_zendesk
from cli.peers import Sandbox
from tasks.errors import RefusedError
from tasks.extract import STREAM_NAMES, extract_stream, forget_deleted, probe_streams
from tasks.extraction import probed_modes
from tasks.reconcile import reconcile, repair_tickets
from tasks.resources import Resources, opened
from warehouse.ledger import StageResult
from warehouse.modes import read_modes
from warehouse.sessions import Organization

# What both ways bring; of a call only those columns that a voice comment knows.
SAME = {
    "tickets": "t.*",
    "ticket_metrics": "t.*",
    "comments": "t.*",
    "audits": "t.*",
    "audit_events": "t.id, t.audit_id, t.ticket_id, t.event_type, t.field_name, t.value",
    "metric_events": "t.*",
    "satisfaction_ratings": "t.*",
}
OWN = ("org_id", "loaded_at")


@pytest.fixture
def refuse(control: httpx.Client) -> Iterator[Callable[..., None]]:
    """Makes globex refuse; allows everything again at the end."""

    def told(*what: str) -> None:
        asked = {"account": "globex", "what": list(what)}
        assert control.post("/refusals", json=asked).is_success

    yield told
    told()


@pytest.fixture
def connect(
    settings_environment: None, sandbox: Sandbox
) -> Iterator[Callable[[Organization], Resources]]:
    """Opens an organization, connected to globex."""
    doors = []

    def connected(organization: Organization) -> Resources:
        door = opened(organization.slug)
        resources = door.__enter__()
        doors.append(door)
        account = sandbox.zendesk["globex"]
        connect_zendesk(
            resources,
            base_url=account["base_url"],
            client_id=account["client_id"],
            secret=account["client_secret"],
        )
        return resources

    yield connected
    for door in doors:
        door.__exit__(None, None, None)


def _run(resources: Resources, as_of: datetime) -> dict[str, StageResult]:
    """A day's extraction, as the flow runs it."""
    slug = resources.organization.slug
    probe_streams.fn(slug, as_of)
    done = {name: extract_stream.fn(slug, name, as_of) for name in STREAM_NAMES}
    done["single"] = repair_tickets.fn(slug, as_of)
    done["reconcile"] = reconcile.fn(slug, as_of)
    done["repair"] = repair_tickets.fn(slug, as_of)
    done["forget"] = forget_deleted.fn(slug)
    return done


def _rows(resources: Resources, statement: str, **values: Any) -> list[Any]:
    with resources.session() as connection:
        return list(connection.execute(text(statement), values))


def _same(resources: Resources) -> dict[str, set[tuple[Any, ...]]]:
    """Every row of every table that both ways bring, but for deleted tickets'."""
    found = {}
    for name, columns in SAME.items():
        key = "id" if name == "tickets" else "ticket_id"
        kept = f"t.{key} in (select id from zendesk.tickets where status <> 'deleted')"
        rows = _rows(resources, f"select {columns} from zendesk.{name} as t where {kept}")
        found[name] = {
            tuple(value for column, value in row._mapping.items() if column not in OWN)
            for row in rows
        }
    return found


def test_lists_bring_what_the_exports_bring(
    connect, refuse, organization: Organization, other_organization: Organization, as_of: datetime
) -> None:
    """Tickets, comments, changes, metric events and calls; and a second run brings nothing."""
    exported, listed = connect(organization), connect(other_organization)
    _run(exported, as_of)
    refuse("export")
    first = _run(listed, as_of)
    expected, found = _same(exported), _same(listed)
    for name in SAME:
        assert found[name] == expected[name], name
        assert found[name], name
    assert first["single"].rows_in == len(expected["tickets"])
    assert (first["reconcile"].note, first["repair"].rows_in) == ("", 0), "nothing was missing"
    calls = "select id, ticket_id, agent_id, customer_id, direction, voicemail from zendesk.calls"
    known = {tuple(row) for row in _rows(exported, f"{calls} where ticket_id is not null")}
    assert {tuple(row) for row in _rows(listed, calls)} <= known
    assert _rows(listed, calls)
    second = _run(listed, as_of)
    assert second["tickets"].rows_out == 0
    assert second["single"].rows_out == second["repair"].rows_out == 0
    assert _same(listed) == found


def test_modes_are_probed_and_shown(connect, refuse, organization, as_of: datetime) -> None:
    """Which way each stream is read, why, and which is not in the plan."""
    resources = connect(organization)
    refuse("export", "guide")
    found = {one.stream: one for one in probed_modes(resources.organization.slug, as_of)}
    assert set(found) == set(STREAM_NAMES)
    assert (found["tickets"].mode, found["tickets"].export) == ("list", "refused")
    assert (found["groups"].mode, found["groups"].export) == ("list", "none")
    assert (found["call_legs"].mode, found["call_legs"].list) == ("off", "none")
    assert found["articles"].mode == "off"
    assert found["articles"].reason == "not in this account's plan"
    assert "not allowed" in found["tickets"].reason
    refuse()
    found = {one.stream: one for one in probed_modes(resources.organization.slug, as_of)}
    assert (found["tickets"].mode, found["articles"].mode) == ("export", "export")


def test_a_way_that_was_broken_is_tried_again_by_the_next_run(
    connect, control: httpx.Client, organization: Organization, as_of: datetime
) -> None:
    """Zendesk had no answer when it was probed: that says nothing of the account."""
    resources = connect(organization)
    slow = {"path": "/incremental/tickets/cursor", "kind": "504", "account": "globex"}
    assert control.post("/faults", json=slow).is_success
    found = []
    for _ in range(2):
        probe_streams.fn(organization.slug, as_of)
        with resources.session() as connection:
            found.append(read_modes(connection, "zendesk")["tickets"].export)
    assert found == ["broken", "works"]


def test_an_export_that_is_closed_between_two_runs_costs_nothing(
    connect, refuse, control, organization: Organization, as_of: datetime
) -> None:
    """The next run falls back by itself, from where the export had come to."""
    resources = connect(organization)
    _run(resources, as_of)
    before = _same(resources)
    refuse("export")
    again = _run(resources, as_of)
    assert again["tickets"].rows_in < len(before["tickets"]), "the sweep ends at what is known"
    assert _same(resources) == before
    modes = {row.stream: row.mode for row in _rows(resources, "select * from app.stream_modes")}
    assert (modes["tickets"], modes["ticket_events"], modes["users"]) == ("list", "list", "list")
    assert modes["call_legs"] == "off"


def test_what_is_refused_is_asked_for_again_the_next_day(
    connect, refuse, organization: Organization, as_of: datetime
) -> None:
    """A plan or a scope may have changed; within the day no request is spent on it."""
    resources = connect(organization)
    slug = resources.organization.slug
    refuse("csat")
    assert "refused" in extract_stream.fn(slug, "satisfaction_ratings", as_of).note
    assert extract_stream.fn(slug, "survey_responses", as_of).rows_in > 0
    refuse()
    assert extract_stream.fn(slug, "satisfaction_ratings", as_of).rows_in == 0
    later = as_of + timedelta(days=1)
    assert extract_stream.fn(slug, "satisfaction_ratings", later).rows_in > 0


def test_an_account_that_refuses_its_tickets_fails(
    connect, refuse, organization: Organization, control, as_of: datetime
) -> None:
    """Everything else can be left out; a day without tickets is no day."""
    resources = connect(organization)
    fault = {"path": "*/api/v2/tickets*", "kind": "403", "times": 20, "account": "globex"}
    refuse("export")
    if not control.post("/faults", json=fault).is_success:
        pytest.fail("the sandbox cannot refuse its tickets")
    with pytest.raises(RefusedError):
        extract_stream.fn(resources.organization.slug, "tickets", as_of)


def test_tickets_that_the_list_leaves_out_are_found_by_searching(
    connect, refuse, organization: Organization, as_of: datetime
) -> None:
    """Archived ones: here one that was taken out of the warehouse stands for them."""
    resources = connect(organization)
    refuse("export")
    _run(resources, as_of)
    before = _same(resources)
    gone = min(row[0] for row in before["tickets"])
    with resources.session() as connection:
        for name in ("comments", "audits", "audit_events", "ticket_metrics", "metric_events"):
            connection.execute(
                text(f"delete from zendesk.{name} where ticket_id = :id"), {"id": gone}
            )
        connection.execute(text("delete from zendesk.tickets where id = :id"), {"id": gone})
        connection.execute(text("delete from app.watermarks where stream = 'reconcile'"))
    done = _run(resources, as_of)
    assert "1 archived tickets found" in done["reconcile"].note
    after = _same(resources)
    for name in SAME:
        assert after[name] == before[name], name


def test_comments_that_went_missing_are_found_by_their_number(
    connect, organization: Organization, as_of: datetime
) -> None:
    """Zendesk counts them; the ticket is read again by itself."""
    resources = connect(organization)
    _run(resources, as_of)
    before = _same(resources)
    with resources.session() as connection:
        connection.execute(text("delete from app.watermarks where stream = 'reconcile'"))
        lost = connection.execute(
            text("""
                delete from zendesk.comments where id = (
                    select min(c.id) from zendesk.comments as c
                    inner join zendesk.tickets as t on c.ticket_id = t.id
                    where t.status <> 'deleted'
                )
            """)
        ).rowcount
    assert lost == 1
    done = _run(resources, as_of)
    assert "1 tickets lacked comments" in done["reconcile"].note
    assert done["repair"].rows_in == 1
    assert _same(resources)["comments"] == before["comments"]
