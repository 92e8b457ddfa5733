"""The day's digest lists the alerts that did not have to be told at once and wait for an answer."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from sandbox.slack.blocks import block_problem
from tasks.alerting import alert_of
from tasks.digesting import compose, latest_day, queue_digest
from tasks.escalate import post_unsent
from tasks.escalation import Digest, blocks, linked_tickets
from tasks.escalation.answers import answer
from tasks.escalation.rules import find_rule
from tests.tasks.escalation.conftest import Desk
from warehouse import alert_rules, alerts
from warehouse.alert_findings import Found

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def digest(desk: Desk, as_of: datetime | None = None) -> Digest:
    at = as_of or desk.as_of
    return compose(desk.resources, latest_day(desk.resources, at), at)[0]


def found(desk: Desk) -> list[UUID]:
    """What the rules find is stored, and told nobody: there is no channel."""
    alert_of(desk.resources, None, desk.as_of)
    with desk.resources.session() as connection:
        return [one.alert_id for one in alerts.since(connection, desk.as_of - DAY)]


def set_severity(desk: Desk, rule: str, severity: str) -> None:
    settings = replace(find_rule(rule).settings(), severity=severity)
    with desk.resources.session() as connection:
        alert_rules.set_rule(connection, desk.resources.organization.org_id, settings)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Great Expectations
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_alerts_are_listed_worst_first_with_their_number(alerted: Desk) -> None:
    """Five of them, each with its reason and a link; Slack takes the message."""
    set_severity(alerted, "churn", "normal")
    for number in range(1, 7):
        alerted.ticket(number)
        alerted.turned(number)
    alerted.ticket(9)
    alerted.may_leave(9)
    found(alerted)
    told = digest(alerted)
    assert len(told.alerts) == 7
    said = blocks(told)
    assert block_problem(said) is None
    (section,) = (one for one in said if "nobody has answered" in str(one))
    lines = section["text"]["text"].split("\n")
    assert lines[0] == "*7 alerts of the last day that nobody has answered*"
    assert all("The customer turned unhappy (high): sentiment -0.6" in one for one in lines[1:6])
    assert lines[6:] == ["… and 2 more"]
    assert len(linked_tickets(json.dumps(said).encode())) == 5
    assert told.unhappy == []  # each ticket is told once
    channel = alerted.rows("select account from app.connections where provider = 'slack'")[0][0]
    queue_digest(alerted.resources, channel, alerted.as_of)
    assert post_unsent(alerted.resources, alerted.as_of).rows_out == 1
    assert "7 alerts of the last day" in str(alerted.said())


def test_what_is_listed_as_risky_is_not_told_twice(alerted: Desk) -> None:
    """Nor is a step that was not done, where an alert tells of it."""
    set_severity(alerted, "sop_critical_failure", "high")
    alerted.ticket(1)
    alerted.may_leave(1, risk=0.1, escalation_risk=0.95)
    alerted.turned(1)
    alerted.ticket(2)
    alerted.missed(2)
    assert len(found(alerted)) == 2
    told = digest(alerted)
    assert [one.ticket_id for one in told.risky] == [1]
    assert [one.ticket_id for one in told.alerts] == [2]
    assert "Ask for the order's number" in told.alerts[0].reason
    assert (told.unhappy, told.missed_steps) == ([], [])


def test_only_what_waits_for_an_answer_is_listed(alerted: Desk) -> None:
    """Not what is critical, answered, muted, solved, or was found before the last day."""
    alerted.ticket(1)
    alerted.turned(1)
    (one,) = found(alerted)
    assert len(digest(alerted).alerts) == 1
    assert len(digest(alerted, alerted.as_of + 25 * HOUR).alerts) == 0
    answer(alerted.resources, "mute", one, "local:ada", alerted.as_of)
    assert len(digest(alerted).alerts) == 0
    assert len(digest(alerted).unhappy) == 1
    answer(alerted.resources, "mute", one, "local:ada", alerted.as_of, until=alerted.as_of)
    assert len(digest(alerted).alerts) == 1
    answer(alerted.resources, "ack", one, "local:ada", alerted.as_of)
    assert len(digest(alerted).alerts) == 0
    alerted.ticket(2)
    alerted.may_leave(2)
    alerted.ticket(3)
    alerted.turned(3)
    assert len(found(alerted)) == 3
    alerted.ticket(3, status="solved", changed_at=alerted.as_of + HOUR)
    assert len(digest(alerted).alerts) == 0


def test_what_is_of_no_ticket_is_told_without_a_link(alerted: Desk) -> None:
    """A day with more refunds than usual."""
    spike = find_rule("refund_spike").settings()
    seen = [Found(ticket_id=0, figure=12, usual=1.2, codes=["refund"])]
    with alerted.resources.session() as connection:
        org_id = alerted.resources.organization.org_id
        alerts.put(connection, org_id, spike, seen, as_of=alerted.as_of)
    (told,) = digest(alerted).alerts
    assert told.ticket_id == 0
    assert told.reason == (
        "More refunds than usual (high): 12 tickets about refund in 24 hours, where 1 is usual"
    )
