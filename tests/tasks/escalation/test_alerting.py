"""What is critical is told at once: one message a ticket, answered below, changed as it goes on."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from tasks.alert import alert
from tasks.alerting import MOST_AT_ONCE, alert_of
from tasks.errors import ClosedGateError
from tasks.escalate import post_unsent
from tasks.escalation.answers import answer
from tasks.escalation.rules import find_rule
from tests.tasks.escalation.conftest import Desk, Row, key_of
from warehouse import alert_findings, alert_rules, alerts, outbox
from warehouse.alert_findings import Found
from warehouse.alert_rules import QuietHours

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of Great Expectations
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def run(desk: Desk, after: timedelta = timedelta()) -> None:
    alert.fn(desk.resources.organization.slug, desk.as_of + after)


def words(message: Row) -> str:
    return json.dumps(message["blocks"], ensure_ascii=False)


def heading(message: Row) -> str:
    return str(message["blocks"][0]["text"]["text"])


def set_quiet(desk: Desk, quiet: QuietHours) -> None:
    with desk.resources.session() as connection:
        alert_rules.set_quiet_hours(connection, desk.resources.organization.org_id, quiet)


def found(desk: Desk) -> list[alerts.Alert]:
    with desk.resources.session() as connection:
        return alerts.since(connection, desk.as_of - 90 * DAY)


def test_a_ticket_is_told_of_once_and_what_comes_after_stands_below_it(alerted: Desk) -> None:
    """And the first message says how it stands: what else was found, and that it is solved."""
    alerted.ticket(1)
    alerted.may_leave(1)
    run(alerted)
    (first,) = alerted.said()
    assert heading(first) == "Critical: The customer may leave"
    assert "risk 0.80: the customer means to leave" in words(first)
    assert "/agent/tickets/1|#1>" in words(first)
    run(alerted)
    run(alerted, HOUR)
    assert [key_of(one) for one in alerted.said()] == [key_of(first)]

    alerted.ticket(1, updated_at=alerted.as_of + HOUR, changed_at=alerted.as_of + HOUR)
    alerted.turned(1)
    run(alerted, 2 * HOUR)
    parent, reply = alerted.said()
    assert reply["thread_ts"] == parent["ts"] == first["ts"]
    assert "turned unhappy" in words(reply)
    assert "turned unhappy" in words(parent)

    later = alerted.as_of + 3 * HOUR
    alerted.ticket(1, status="solved", updated_at=later, changed_at=later)
    run(alerted, 4 * HOUR)
    parent, _ = alerted.said()
    assert heading(parent) == "Solved: The customer may leave"
    purposes = alerted.rows("select purpose, ticket_ids from audit.outbound order by sent_at")
    assert [one for one, _ in purposes] == [
        "post an alert",
        "change an alert",
        "post an alert",
        "change an alert",
    ]
    assert all(ids == [1] for _, ids in purposes)


def test_what_is_not_critical_waits_for_the_digest(alerted: Desk) -> None:
    """It is kept, and stands in the ticket's message once there is one."""
    alerted.ticket(1)
    alerted.turned(1)
    run(alerted)
    assert alerted.said() == []
    assert [(one.rule, one.severity, one.message_key) for one in found(alerted)] == [
        ("negative_turn", "high", None)
    ]
    alerted.may_leave(1)
    run(alerted, HOUR)
    (parent,) = alerted.said()
    assert "turned unhappy" in words(parent)
    assert {one.message_key for one in found(alerted)} == {key_of(parent)}


def test_after_the_cooldown_only_what_has_moved_is_told_again(alerted: Desk) -> None:
    """A risk that nobody touched is no news; one that somebody answered meanwhile is."""
    alerted.ticket(1)
    alerted.may_leave(1)
    run(alerted)
    run(alerted, 25 * HOUR)
    assert len(found(alerted)) == 1
    moved = alerted.as_of + 2 * HOUR
    alerted.ticket(1, updated_at=moved, changed_at=moved)
    run(alerted, 23 * HOUR)
    assert len(found(alerted)) == 1
    run(alerted, 26 * HOUR)
    assert len(found(alerted)) == 2
    assert len(alerted.said()) == 2


def test_quiet_hours_hold_back_until_they_end(alerted: Desk) -> None:
    """Critical passes unless the organization says otherwise; then it is told in the morning."""
    alerted.ticket(1)
    alerted.may_leave(1)
    begins = (alerted.as_of - HOUR).time().replace(second=0, microsecond=0)
    ends = (alerted.as_of + HOUR).time().replace(second=0, microsecond=0)
    set_quiet(alerted, QuietHours(begins, ends, critical_passes=False))
    run(alerted)
    assert alerted.said() == []
    run(alerted, 2 * HOUR)
    assert len(alerted.said()) == 1
    alerted.ticket(2)
    alerted.may_leave(2)
    set_quiet(alerted, QuietHours(begins, ends, critical_passes=True))
    run(alerted, timedelta(minutes=1))
    assert len(alerted.said()) == 2


def test_a_mute_holds_back_and_what_still_holds_is_told_then(alerted: Desk) -> None:
    """A ticket's; its message says until when."""
    alerted.ticket(1)
    alerted.may_leave(1)
    run(alerted)
    (one,) = found(alerted)
    answer(alerted.resources, "mute", one.alert_id, "slack:U1", alerted.as_of)
    alerted.turned(1)
    run(alerted, HOUR)
    (parent,) = alerted.said()
    assert "Muted until" in words(parent)
    assert len(found(alerted)) == 1
    run(alerted, 25 * HOUR)
    assert {one.rule for one in found(alerted)} == {"churn", "negative_turn"}
    assert len(alerted.said()) == 2
    assert "Muted until" not in words(alerted.said()[0])


def test_an_acknowledged_ticket_is_quiet_for_a_cooldown(alerted: Desk) -> None:
    """Its message says so, and who said it is kept, not shown."""
    alerted.ticket(1)
    alerted.may_leave(1)
    run(alerted)
    (one,) = found(alerted)
    later = alerted.as_of + 20 * HOUR
    answer(alerted.resources, "ack", one.alert_id, "slack:U1", later)
    answer(alerted.resources, "ack", one.alert_id, "slack:U1", later)
    ((blocks, edits),) = alerted.rows("select blocks, edits from app.outbox")
    assert blocks[0]["text"]["text"] == "Acknowledged: The customer may leave"
    assert edits == 1
    alerted.ticket(1, updated_at=later, changed_at=later)
    run(alerted, 30 * HOUR)
    assert len(found(alerted)) == 1
    assert heading(alerted.said()[0]).startswith("Acknowledged")
    assert "U1" not in words(alerted.said()[0])
    run(alerted, 45 * HOUR)
    assert len(found(alerted)) == 2


def test_a_wrong_call_is_never_made_again_and_becomes_a_label(alerted: Desk) -> None:
    """Of what a model scored; the score stays beside it."""
    alerted.ticket(1)
    alerted.missed(1)
    run(alerted)
    (parent,) = alerted.said()
    assert "Identity &lt;!channel&gt;, step 1: Ask for the order's number." in words(parent)
    (one,) = found(alerted)
    answer(alerted.resources, "wrong", one.alert_id, "local:ada", alerted.as_of)
    assert alerted.rows(
        "select target, document_id, step_no, value, labelled_by from ai.labels"
    ) == [("step", "identity", 1, "met", "local:ada")]
    later = alerted.as_of + 40 * HOUR
    alerted.ticket(1, updated_at=later, changed_at=later)
    run(alerted, 41 * HOUR)
    assert len(found(alerted)) == 1
    assert heading(alerted.said()[0]).startswith("Wrong")
    with alerted.resources.session() as connection:
        assert alerts.answered_rules(connection) == [
            alerts.AnsweredRule("sop_critical_failure", 1, 1)
        ]


def test_a_spike_is_answered_and_another_is_told(alerted: Desk) -> None:
    """It is of no ticket: its message changes too, and a wrong call is for this one alone."""
    spike = replace(find_rule("refund_spike").settings(), severity="critical")
    org_id = alerted.resources.organization.org_id
    with alerted.resources.session() as connection:
        alert_rules.set_rule(connection, org_id, spike)
    for number in range(1, 29):
        old = alerted.as_of - number * DAY
        alerted.ticket(number, created_at=old, status="solved", updated_at=old)
    for number in range(101, 120):
        alerted.ticket(number, created_at=alerted.as_of - HOUR)
        alerted.may_leave(number, risk=0.1)
    run(alerted)
    (message,) = alerted.said()
    assert heading(message) == "Critical: More refunds than usual"
    assert "19 tickets about refund in 24 hours, where none or one is usual" in words(message)
    (one,) = found(alerted)
    answer(alerted.resources, "wrong", one.alert_id, "local:ada", alerted.as_of)
    run(alerted, HOUR)
    (message,) = alerted.said()
    assert heading(message) == "Wrong call: More refunds than usual"
    with alerted.resources.session() as connection:
        seen = [Found(ticket_id=0, figure=19, codes=["refund"])]
        for hours, told in ((23, []), (25, seen)):
            later = alerted.as_of + hours * HOUR
            assert alert_findings.untold(connection, spike, seen, as_of=later) == told


def test_more_than_a_channel_bears_is_told_in_the_next_runs(alerted: Desk) -> None:
    """The worst first; none is forgotten."""
    for number in range(1, MOST_AT_ONCE + 4):
        alerted.ticket(number)
        alerted.may_leave(number, risk=0.7 + number / 1_000)
    channel = alerted.rows("select account from app.connections where provider = 'slack'")[0][0]
    first = alert_of(alerted.resources, channel, alerted.as_of)
    assert (first.found, first.queued) == (MOST_AT_ONCE + 3, MOST_AT_ONCE)
    assert alert_of(alerted.resources, channel, alerted.as_of).queued == 3
    assert alert_of(alerted.resources, channel, alerted.as_of).queued == 0


def test_whose_person_was_erased_is_not_told_of(alerted: Desk) -> None:
    alerted.ticket(1, erased_at=alerted.as_of)
    alerted.may_leave(1)
    run(alerted)
    assert found(alerted) == []


def test_a_message_that_was_taken_back_is_followed_by_another(alerted: Desk) -> None:
    """The person was in somebody else's ticket, which goes on."""
    alerted.ticket(1)
    alerted.may_leave(1)
    run(alerted)
    ((key,),) = alerted.rows("select message_key from app.outbox")
    with alerted.resources.session() as connection:
        outbox.take_back(connection, [key])
        connection.execute(text("delete from ai.alerts"))
    run(alerted, HOUR)
    states = alerted.rows("select state from app.outbox order by created_at")
    assert states == [("retracting",), ("posted",)]


def test_an_answer_whose_message_is_gone_is_not_said(alerted: Desk) -> None:
    """There is no thread to say it in."""
    alerted.ticket(1)
    alerted.may_leave(1)
    run(alerted)
    alerted.turned(1)
    channel = alerted.rows("select account from app.connections where provider = 'slack'")[0][0]
    assert alert_of(alerted.resources, channel, alerted.as_of + HOUR).queued == 1
    with alerted.resources.session() as connection:
        outbox.take_back(connection, [found(alerted)[0].message_key or ""])
    assert post_unsent(alerted.resources, alerted.as_of).rows_out == 0
    assert ("refused",) in alerted.rows("select state from app.outbox")


def test_a_message_with_a_person_s_data_is_neither_said_nor_changed(alerted: Desk) -> None:
    """The gate is before every message, also before what is changed."""
    alerted.ticket(1)
    alerted.may_leave(1)
    run(alerted)
    with alerted.resources.session() as connection:
        connection.execute(
            text("update app.outbox set fallback = 'ada@example.org', edits = edits + 1")
        )
    with pytest.raises(ClosedGateError, match="e-mail"):
        post_unsent(alerted.resources, alerted.as_of)
    assert alerted.rows("select state, edits = edits_said from app.outbox") == [("posted", True)]
    assert "ada@example.org" not in json.dumps(alerted.said())
