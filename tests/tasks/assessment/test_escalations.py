"""Escalations are raised once, from what an assessment found, and stay raised."""

from datetime import datetime, timedelta

from sqlalchemy import text

from tasks.assess import assess_tickets
from tasks.resources import Resources
from tests.tasks.assessment.conftest import Write
from warehouse.escalation import raise_risky

THREAT = "c: I have waited long enough. I want to speak to a manager now, or I call my lawyer."


def raised(resources: Resources) -> list[tuple]:
    """Ticket, trigger, tier and instant of each."""
    with resources.session() as connection:
        found = connection.execute(
            text("select ticket_id, trigger, tier, raised_at from ai.escalations order by 1")
        )
        return [tuple(row) for row in found]


def test_a_risky_ticket_is_raised_when_its_customer_said_so(
    resources: Resources, write: Write, as_of: datetime
) -> None:
    """Dated by the words, not by the run or what was said after them; a calm one is not raised."""
    write(1, "c: Where is my parcel?", THREAT, "a: I am sorry to hear that.")
    write(2, "c: Thank you!")
    assess_tickets.fn(resources.organization.slug)
    [(ticket_id, trigger, tier, raised_at)] = raised(resources)
    assert (ticket_id, trigger) == (1, "risk")
    assert tier in {"high", "critical"}
    assert raised_at == as_of + timedelta(seconds=1)


def test_what_was_raised_stays_raised(resources: Resources, write: Write) -> None:
    """Assessed again, or assessed as calm: the first time is what counts."""
    write(1, THREAT)
    assess_tickets.fn(resources.organization.slug)
    before = raised(resources)
    write(1, THREAT, THREAT)
    assess_tickets.fn(resources.organization.slug)
    with resources.session() as connection:
        connection.execute(text("update ai.assessments set escalation_risk = 0.1"))
        assert raise_risky(connection, [1], at_least=0.5) == 0
    assert raised(resources) == before
    assert len(before) == 1
