"""Candidates are compared with what was loaded, and with themselves, before they are published."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tasks.quality import gate
from tests.tasks.quality.conftest import AS_OF, LOADED, Add
from warehouse.sessions import Logins, Organization, engine_for, tenant_session
from warehouse.tables import zendesk

# Great Expectations imports what Python calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
FLOW = """
    insert into candidate.fct_ticket_flow_daily (
        org_id, metric_day, group_id, group_name, channel, brand_id, brand_name, priority,
        created, first_solved, solved, reopened, one_touch, merged, deleted, unreplied_at_solve,
        utc_offset_minutes
    ) values (
        app.org_id(), :day, :group, 'Support', 'web', 5, 'Acme', 'none',
        :created, :first_solved, :solved, 0, :one_touch, 0, 0, :unreplied, :offset
    )
"""
DAY = """
    insert into intermediate.int_open_days (
        org_id, metric_day, timezone, starts_at, ends_at, utc_offset_minutes, is_new, is_changed
    ) values (
        app.org_id(), cast(:day as date), 'UTC', cast(:day as date),
        cast(:day as date) + interval '1 day', 0, true, :is_changed
    )
"""
COUNTS = {"created": 1, "first_solved": 1, "solved": 1, "one_touch": 1, "unreplied": 0}
KEY = {"day": LOADED.date(), "group": 10, "offset": 0}


@pytest.fixture
def solved(organization: Organization, add: Add) -> Organization:
    """Its one ticket was created and solved on one day, also by its custom status."""
    add(zendesk.custom_statuses, id=7, status_category="solved")
    change = {"ticket_id": 1, "event_type": "Change"}
    told = {"field_name": "status", "previous_value": "open", "value": "solved"}
    add(zendesk.audit_events, id=2, audit_id=2, **change, **told)
    add(zendesk.audit_events, id=3, audit_id=2, field_name="custom_status_id", value="7", **change)
    return organization


def _measure(
    logins: Logins, organization: Organization, *rows: dict[str, Any], measured: bool = True
) -> None:
    """Writes candidates of the day, as dbt would."""
    engine = engine_for(logins.transformer)
    try:
        with tenant_session(engine, organization.org_id) as connection:
            connection.execute(text(DAY), {"day": LOADED.date(), "is_changed": measured})
            for row in rows:
                connection.execute(text(FLOW), KEY | COUNTS | row)
    finally:
        engine.dispose()


def _broken(logins: Logins, organization: Organization) -> list[tuple[str, str, int]]:
    result = gate(logins.loader, organization.org_id, "before_publish", as_of=AS_OF)
    return sorted(
        (str(one.column), one.expectation, one.rows)
        for one in result.failed
        if one.table == "candidate.fct_ticket_flow_daily"
    )


def test_counts_that_are_those_of_the_source_pass(logins: Logins, solved: Organization) -> None:
    """One ticket created, and solved by one step in which two fields changed."""
    _measure(logins, solved, {})
    assert _broken(logins, solved) == []


def test_what_cannot_be_is_named(logins: Logins, solved: Organization) -> None:
    """A count below zero; parts that are more than the whole; a strange zone."""
    _measure(
        logins,
        solved,
        {"created": 2, "solved": 0, "unreplied": 1},
        {"created": -1, "offset": 900, "group": 20, "first_solved": 0, "one_touch": 0},
    )
    assert _broken(logins, solved) == [
        ("created", "in range", 1),
        ("first_solved", "at least one_touch + unreplied_at_solve", 1),
        ("solved", "at least first_solved", 1),
        ("utc_offset_minutes", "in range", 1),
    ]


@pytest.mark.parametrize("rows", [[], [{"created": 2, "solved": 2}]])
def test_a_day_is_reconciled_with_what_was_loaded(
    logins: Logins, solved: Organization, rows: list[dict[str, int]]
) -> None:
    """A day that was measured and has no row, or too many tickets, is noticed."""
    _measure(logins, solved, *rows)
    assert _broken(logins, solved) == [
        ("created", "tickets that were created", 1),
        ("solved", "tickets that were solved", 1),
    ]


def test_a_day_that_was_not_measured_is_not_reconciled(
    logins: Logins, solved: Organization
) -> None:
    """What is published of it stays."""
    _measure(logins, solved, measured=False)
    assert _broken(logins, solved) == []


def test_a_solve_after_the_run_s_instant_is_not_missed(
    logins: Logins, solved: Organization, add: Add
) -> None:
    """It is loaded already, and counted by a later run."""
    at = AS_OF + timedelta(minutes=1)
    add(zendesk.tickets, id=2, status="open", created_at=at, updated_at=at)
    _measure(logins, solved, {})
    assert _broken(logins, solved) == []
