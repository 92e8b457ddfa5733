"""A gate passes good rows, and names table, column and expectation of what is not."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, Table

from tasks.errors import ConfigurationError, TransientError
from tasks.quality import GateResult, gate
from tests.conftest import new_organization
from tests.tasks.quality.conftest import AS_OF, LOADED, Add
from warehouse.organizations import ensure_partitions
from warehouse.sessions import Logins, Organization
from warehouse.tables import ai, app, assessments, zendesk

# Great Expectations imports what Python calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
FUTURE = AS_OF + timedelta(days=3)
TICKET = {"status": "open", "requester_id": 8, "updated_at": AS_OF}
Spoiled = list[tuple[Table, dict[str, Any], str | None, str]]
LOADS: Spoiled = [
    (zendesk.tickets, TICKET | {"id": 2, "status": "melted"}, "status", "known value"),
    (zendesk.tickets, TICKET | {"id": 3, "status": None}, "status", "not null"),
    (
        zendesk.tickets,
        TICKET | {"id": 4, "updated_at": LOADED - timedelta(1)},
        "updated_at",
        "at least created_at",
    ),
    (
        zendesk.tickets,
        TICKET | {"id": 5, "created_at": FUTURE, "updated_at": FUTURE},
        "created_at",
        "not in the future",
    ),
    (zendesk.ticket_metrics, {"ticket_id": 9}, "ticket_id", "in zendesk.tickets"),
    (
        zendesk.ticket_metrics,
        {
            "ticket_id": 2,
            "first_resolution_calendar_minutes": 9,
            "full_resolution_calendar_minutes": 8,
        },
        "full_resolution_calendar_minutes",
        "at least first_resolution_calendar_minutes",
    ),
    (
        zendesk.comments,
        {"id": 2, "ticket_id": 9, "kind": "Comment", "author_id": 8},
        "ticket_id",
        "in zendesk.tickets",
    ),
    (
        zendesk.comments,
        {"id": 3, "ticket_id": 1, "kind": "Comment"},
        "author_id",
        "not null",
    ),
    (
        zendesk.audit_events,
        {"id": 2, "audit_id": 2, "ticket_id": 1, "event_type": "Change", "created_at": FUTURE},
        "created_at",
        "not in the future",
    ),
    (
        zendesk.metric_events,
        {"id": 1, "ticket_id": 1, "type": "apply_sla"},
        "metric",
        "not null",
    ),
    (
        zendesk.satisfaction_ratings,
        {"id": 2, "ticket_id": 1, "score": "melted"},
        "score",
        "known value",
    ),
    (
        zendesk.survey_responses,
        {"id": "s1", "ticket_id": 1, "rating": 6, "lowest": 1, "highest": 5},
        "highest",
        "at least rating",
    ),
    (zendesk.calls, {"id": 2, "wait_seconds": -1}, "wait_seconds", "in range"),
    (zendesk.calls, {"id": 3, "duration_seconds": 90_000}, "duration_seconds", "in range"),
    (
        zendesk.sla_policies,
        {"id": 1, "valid_from": LOADED, "version": b"2"},
        "valid_to",
        "one version in force",
    ),
    (
        zendesk.holidays,
        {
            "id": 1,
            "valid_from": LOADED,
            "version": b"1",
            "schedule_id": 1,
            "start_on": LOADED.date(),
            "end_on": LOADED.date() - timedelta(days=1),
        },
        "end_on",
        "at least start_on",
    ),
]
CHECK = {
    "ticket_id": 1,
    "document_id": "d",
    "model_version": "m",
    "sop_version": b"1",
    "verdict": "met",
    "confidence": 0.9,
    "reason": "evidence_found",
}
ASSESSED = {
    "model_version": "m",
    "provider": "local",
    "topic_id": "refund",
    "intent": "complain",
    "urgency": "low",
    "effort": 0.1,
    "churn_risk": 0.1,
    "escalation_risk": 0.1,
    "dropped_quotes": 0,
}
SCORES: Spoiled = [
    (
        ai.turn_sentiments,
        {
            "comment_id": 1,
            "turn_no": 0,
            "model_version": "m",
            "ticket_id": 1,
            "speaker": "ghost",
            "score": 0.1,
            "label": "neutral",
            "confidence": 0.5,
            "said_at": LOADED,
        },
        "speaker",
        "known value",
    ),
    (
        ai.ticket_scores,
        {"ticket_id": 1, "model_version": "m", "turns": 1, "sentiment_end": 1.5},
        "sentiment_end",
        "in range",
    ),
    (
        ai.ticket_scores,
        {
            "ticket_id": 2,
            "model_version": "m",
            "turns": 1,
            "sentiment_start": 0.1,
            "sentiment_minimum": 0.2,
        },
        "sentiment_start",
        "at least sentiment_minimum",
    ),
    (
        ai.sop_checks,
        CHECK | {"step_no": 1, "evidence_comment_id": 1},
        "evidence_start_char",
        "a stretch of a comment",
    ),
    (
        ai.sop_checks,
        CHECK | {"step_no": 2, "reason": "she said: 030 1234567"},
        "reason",
        "a code, no text",
    ),
    (
        assessments.assessments,
        ASSESSED | {"ticket_id": 1, "topic_id": "anna@example.com"},
        "topic_id",
        "a code, no text",
    ),
    (
        assessments.assessment_reasons,
        {"ticket_id": 1, "reason_no": 1, "aspect": "churn", "code": "Anna left", "weight": 0.5},
        "code",
        "a code, no text",
    ),
]


def _broken(result: GateResult) -> list[tuple[str, str | None, str, int]]:
    found = [(one.table, one.column, one.expectation, one.rows) for one in result.failed]
    return sorted(found, key=str)


@pytest.mark.parametrize("suite", ["after_load", "after_scoring", "before_posting"])
def test_no_rows_pass(logins: Logins, engine: Engine, suite: str) -> None:
    """A new organization has nothing that could be wrong; every check is made all the same."""
    empty = new_organization(engine).org_id
    result = gate(logins.loader, empty, suite, as_of=AS_OF)
    assert len(result.checks) >= 3
    assert not result.failed
    assert not result.warnings


@pytest.mark.parametrize(("suite", "spoiled"), [("after_load", LOADS), ("after_scoring", SCORES)])
def test_spoiled_rows_are_named_without_their_values(
    logins: Logins,
    engine: Engine,
    organization: Organization,
    add: Add,
    suite: str,
    spoiled: Spoiled,
) -> None:
    """Exactly the expectations that they break fail, each is counted once; not a neighbour's."""
    assert not gate(logins.loader, organization.org_id, suite, as_of=AS_OF).failed
    for table, values, _, _ in spoiled:
        add(table, **values)
    result = gate(logins.loader, organization.org_id, suite, as_of=AS_OF)
    told = [(table.fullname, column, name, 1) for table, _, column, name in spoiled]
    assert _broken(result) == sorted(told, key=str)
    assert not [word for word in ("melted", "ghost", "anna", "030") if word in repr(result).lower()]
    other = new_organization(engine).org_id
    assert not gate(logins.loader, other, suite, as_of=AS_OF).failed


def test_a_few_events_without_a_ticket_pass(
    logins: Logins, organization: Organization, add: Add
) -> None:
    """Up to a twentieth: tickets that an AI agent handled alone are in no export of tickets."""
    for key in range(2, 20):
        add(zendesk.comments, id=key, ticket_id=1, kind="Comment", author_id=8)
    add(zendesk.comments, id=20, ticket_id=9, kind="Comment", author_id=8)
    assert not gate(logins.loader, organization.org_id, "after_load", as_of=AS_OF).failed


def test_another_column_than_declared_closes_the_gate(
    logins: Logins, organization: Organization
) -> None:
    """A column that the code doesn't know, and one of another type, are counted."""
    url = logins.migrator.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set role vensor_owner")
        try:
            connection.execute("alter table zendesk.holidays add surprise text")
            connection.execute("alter table zendesk.holidays alter name type varchar(99)")
            result = gate(logins.loader, organization.org_id, "after_load", as_of=AS_OF)
        finally:
            connection.execute("alter table zendesk.holidays drop if exists surprise")
            connection.execute("alter table zendesk.holidays alter name type text")
    assert _broken(result) == [("zendesk.holidays", None, "columns as declared", 2)]


def test_tickets_that_were_not_read_close_the_gate_or_are_told(
    logins: Logins, engine: Engine, organization: Organization, add: Add
) -> None:
    """Sentiment is free, so all must be read; a budget may end before the rest: a warning."""
    ensure_partitions(engine, LOADED.date(), AS_OF.date())
    for ticket_id in (1, 2, 3):
        if ticket_id > 1:
            add(zendesk.tickets, id=ticket_id, **TICKET)
        add(zendesk.comment_contents, comment_id=ticket_id, ticket_id=ticket_id, sealed=b"")
    for task in ("score", "assess"):
        work = {"task": task, "model_version": "m", "content_hash": b"", "seen_at": AS_OF}
        add(ai.ticket_work, ticket_id=1, **work)
    result = gate(logins.loader, organization.org_id, "after_scoring", as_of=AS_OF)
    assert [str(one) for one in result.failed] == [
        "ai.ticket_work.task score has read the tickets (2 rows)"
    ]
    assert [str(one) for one in result.warnings] == [
        "ai.ticket_work.task assess has read the tickets (2 rows)"
    ]


def test_what_looks_like_a_person_s_data_is_not_posted(
    logins: Logins, organization: Organization, add: Add
) -> None:
    """Counted where it stands in a message to be posted; the organization's own words may."""
    add(zendesk.groups, id=1, name="Desk desk@acme.example")
    message = {"channel": "C1", "fallback": "3 created"}
    link = "<https://acme.zendesk.com/agent/tickets/4111111111111111|#4111111111111111>"
    fine = [{"text": {"text": f"{link} open, Desk desk@acme.example: risk +0.65, -0.3 2026-03-10"}}]
    fine += [{"text": {"text": "Shop 9601819191 2026-03-10"}}]
    add(app.outbox, message_key="fine", blocks=fine, **message)
    assert not gate(logins.loader, organization.org_id, "before_posting", as_of=AS_OF).failed
    words = "anna@mail.example, +49 30 1234 5678 or 4111 1111 1111 1111"
    add(app.outbox, message_key="bad", blocks=[{"fields": [{"text": words}]}], **message)
    add(app.outbox, message_key="old", blocks=[{"text": words}], state="posted", **message)
    result = gate(logins.loader, organization.org_id, "before_posting", as_of=AS_OF)
    assert [(one.expectation, one.rows) for one in result.failed] == [
        ("no e-mail address", 1),
        ("no phone number", 1),
        ("no card number", 1),
    ]


def test_a_suite_that_does_not_exist(logins: Logins, organization: Organization) -> None:
    """The error names those there are."""
    with pytest.raises(ConfigurationError, match="after_load, after_scoring, before_publish"):
        gate(logins.loader, organization.org_id, "after_lunch", as_of=AS_OF)


def test_a_warehouse_out_of_reach_is_tried_again(
    logins: Logins, organization: Organization
) -> None:
    """No server at the port: that may pass, and the address stays out of the message."""
    with pytest.raises(TransientError) as caught:
        gate(logins.loader.set(port=1), organization.org_id, "after_load", as_of=AS_OF)
    assert "127.0.0.1" not in str(caught.value)
