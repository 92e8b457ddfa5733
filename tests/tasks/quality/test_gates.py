"""A gate passes good rows, and names table, column and expectation of what is not."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, Table, text

from tasks.errors import ConfigurationError, TransientError
from tasks.quality import FailedCheck, GateResult, gate
from tests.conftest import new_organization
from tests.tasks.quality.conftest import AS_OF, LOADED, Add
from warehouse.sessions import Logins, Organization, engine_for, tenant_session
from warehouse.tables import app, zendesk

# Great Expectations imports what Python calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
FUTURE = AS_OF + timedelta(days=3)
TICKET = {"id": 2, "status": "open", "updated_at": AS_OF}
SPOILED: list[tuple[Table, dict[str, Any], str, str]] = [
    (zendesk.tickets, TICKET | {"status": "melted"}, "status", "known value"),
    (
        zendesk.tickets,
        TICKET | {"updated_at": LOADED - timedelta(1)},
        "updated_at",
        "at least created_at",
    ),
    (
        zendesk.tickets,
        TICKET | {"created_at": FUTURE, "updated_at": FUTURE},
        "created_at",
        "not in the future",
    ),
    (zendesk.ticket_metrics, {"ticket_id": 9}, "ticket_id", "in zendesk.tickets"),
    (
        zendesk.comments,
        {"id": 2, "ticket_id": 9, "kind": "Comment"},
        "ticket_id",
        "in zendesk.tickets",
    ),
    (
        zendesk.audit_events,
        {"id": 2, "audit_id": 2, "ticket_id": 1, "created_at": FUTURE},
        "created_at",
        "not in the future",
    ),
    (
        zendesk.satisfaction_ratings,
        {"id": 2, "ticket_id": 1, "score": "melted"},
        "score",
        "known value",
    ),
    (zendesk.calls, {"id": 2, "wait_seconds": -1}, "wait_seconds", "in range"),
    (zendesk.calls, {"id": 2, "duration_seconds": 90_000}, "duration_seconds", "in range"),
]


def test_good_rows_pass(logins: Logins, organization: Organization) -> None:
    """One good row of each kind: every check was made, none failed."""
    result = gate(logins.loader, organization.org_id, "after_load", as_of=AS_OF)
    assert result == GateResult("after_load", 20, ())


def test_no_rows_pass(logins: Logins, engine: Engine) -> None:
    """A new organization has nothing that could be wrong."""
    empty = new_organization(engine).org_id
    assert gate(logins.loader, empty, "after_load", as_of=AS_OF).failed == ()


@pytest.mark.parametrize(("table", "values", "column", "expectation"), SPOILED)
def test_a_spoiled_row_is_named_without_its_values(
    logins: Logins,
    organization: Organization,
    add: Add,
    table: Table,
    values: dict[str, Any],
    column: str,
    expectation: str,
) -> None:
    """Exactly the expectation that it breaks fails, and is counted once."""
    add(table, **values)
    result = gate(logins.loader, organization.org_id, "after_load", as_of=AS_OF)
    assert result.failed == (FailedCheck(table.fullname, expectation, column, 1),)
    assert "melted" not in repr(result)


def test_a_few_events_without_a_ticket_pass(
    logins: Logins, organization: Organization, add: Add
) -> None:
    """Up to a twentieth: tickets that an AI agent handled alone are in no export of tickets."""
    for key in range(2, 20):
        add(zendesk.comments, id=key, ticket_id=1, kind="Comment")
    add(zendesk.comments, id=20, ticket_id=9, kind="Comment")
    assert gate(logins.loader, organization.org_id, "after_load", as_of=AS_OF).failed == ()


def test_another_organizations_rows_do_not_count(
    logins: Logins, engine: Engine, organization: Organization, add: Add
) -> None:
    """Row-level security bounds a gate: its neighbour's spoiled row closes only its own."""
    add(zendesk.calls, id=2, wait_seconds=-1)
    other = new_organization(engine).org_id
    assert gate(logins.loader, organization.org_id, "after_load", as_of=AS_OF).failed
    assert not gate(logins.loader, other, "after_load", as_of=AS_OF).failed


def _count(logins: Logins, organization: Organization, **counts: int) -> None:
    """Writes a day's row into the metric table, as dbt would."""
    row = {"created": 0, "first_solved": 0, "solved": 0, "one_touch": 0} | counts
    engine = engine_for(logins.transformer)
    with tenant_session(engine, organization.org_id) as connection:
        connection.execute(
            text(
                """
                insert into metrics.fct_ticket_flow_daily values (
                    app.org_id(), '2026-03-08', 10, 'Support', 'web', 5, 'Acme', 'none',
                    :created, :first_solved, :solved, 0, :one_touch, 0, 0, 0, 0
                )
                """
            ),
            row,
        )
    engine.dispose()


@pytest.mark.parametrize(
    ("counts", "failed"),
    [
        ({"created": 1, "solved": 2, "first_solved": 1, "one_touch": 1}, []),
        ({"created": 2}, [("created", "created tickets are counted")]),
        ({"created": 0}, [("created", "created tickets are counted")]),
        ({"created": 1, "first_solved": 1}, [("solved", "at least first_solved")]),
        ({"created": 1, "one_touch": 1}, [("first_solved", "at least one_touch")]),
        ({"created": 1, "one_touch": -1}, [("one_touch", "in range")]),
    ],
)
def test_built_counts_are_checked(
    measured: Logins,
    organization: Organization,
    counts: dict[str, int],
    failed: list[tuple[str, str]],
) -> None:
    """One ticket was created on the day; the parts of a count are no more than the whole."""
    _count(measured, organization, **counts)
    result = gate(measured.loader, organization.org_id, "after_build", as_of=AS_OF)
    assert [(one.column, one.expectation) for one in result.failed] == failed


def test_a_day_that_is_missing_altogether_is_noticed(
    measured: Logins, organization: Organization, add: Add
) -> None:
    """A ticket of a day without any row is lost; once the clock has run no one compares it."""
    result = gate(measured.loader, organization.org_id, "after_build", as_of=AS_OF)
    assert [one.expectation for one in result.failed] == ["created tickets are counted"]
    later = AS_OF + timedelta(days=40)
    assert not gate(measured.loader, organization.org_id, "after_build", as_of=later).failed


def test_a_sealed_day_is_not_compared(
    measured: Logins, engine: Engine, organization: Organization
) -> None:
    """Its tickets may be gone."""
    _count(measured, organization, created=7)
    seal = {"model": "fct_ticket_flow_daily", "metric_day": LOADED.date(), "checksum": ""}
    with tenant_session(engine, organization.org_id) as connection:
        connection.execute(app.metric_day_seals.insert(), {"org_id": organization.org_id, **seal})
    assert not gate(measured.loader, organization.org_id, "after_build", as_of=AS_OF).failed


def test_a_suite_that_does_not_exist(logins: Logins, organization: Organization) -> None:
    """The error names those there are."""
    with pytest.raises(ConfigurationError, match="after_load, after_build"):
        gate(logins.loader, organization.org_id, "after_lunch", as_of=AS_OF)


def test_a_warehouse_out_of_reach_is_tried_again(
    logins: Logins, organization: Organization
) -> None:
    """No server at the port: that may pass, and the address stays out of the message."""
    with pytest.raises(TransientError) as caught:
        gate(logins.loader.set(port=1), organization.org_id, "after_load", as_of=AS_OF)
    assert "127.0.0.1" not in str(caught.value)
