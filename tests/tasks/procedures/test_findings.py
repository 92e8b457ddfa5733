"""What is found about a ticket, opened for who may read it."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from tasks.findings import find_findings
from tasks.resources import Resources
from tests.tasks.procedures.conftest import ASK, REFUNDS, TELL, JudgeNow, Put, Say

pytestmark = pytest.mark.usefixtures("desk")


def test_a_finding_shows_clause_verdict_and_the_words(
    resources: Resources, judge_now: JudgeNow
) -> None:
    """Verbatim, with speaker and place; reading is in the audit trail."""
    judge_now()
    first, second = find_findings(resources, 1)
    assert (first.clause, first.kind, first.verdict) == (ASK, "required", "met")
    assert first.is_present_version
    assert first.quote is not None
    assert first.quote.text == "Sure, what is your order number?"
    assert (first.quote.speaker, first.quote.comment_id, first.quote.turn_no) == ("agent", 102, 0)
    assert (first.quote.start, first.quote.end) == (0, 32)
    assert second.evidence == "stands"
    assert "order number" not in repr(first.quote)
    with resources.session() as connection:
        audited = connection.execute(
            text("select details from audit.events where purpose = 'sop findings'")
        ).scalar_one()
    opened = {"zendesk.comment_contents.sealed": 4}
    assert audited == {"tickets": "1", "steps": 2, **opened}


def test_a_ticket_that_no_procedure_is_about_has_none(
    resources: Resources, judge_now: JudgeNow
) -> None:
    """Nor has one that is not there."""
    judge_now()
    assert find_findings(resources, 3) == []
    assert find_findings(resources, 999) == []


def test_words_that_were_changed_since_are_not_shown_as_evidence(
    resources: Resources, judge_now: JudgeNow, say: Say, as_of: datetime
) -> None:
    """The places are still there, but other words stand in them: the hash tells."""
    judge_now()
    said = ("c:I want a refund.", "a:Fine, which is your street name?", "c:Elm.",
            "a:I have refunded your order.")  # fmt: skip
    say(1, *said, at=as_of + timedelta(minutes=1))
    first, second = find_findings(resources, 1)
    assert (first.verdict, first.evidence, first.quote) == ("met", "gone", None)
    assert second.evidence == "stands"


def test_a_former_version_is_told_as_such_until_the_ticket_is_judged_anew(
    resources: Resources, judge_now: JudgeNow, put: Put
) -> None:
    """With the clause that the agent was judged by, not with what it says now."""
    judge_now()
    put("Ask for the postcode before the refund.", TELL)
    assert [(one.clause, one.is_present_version) for one in find_findings(resources, 1)] == [
        (ASK, False),
        (TELL, False),
    ]
    judge_now()
    first, _ = find_findings(resources, 1)
    assert (first.clause, first.verdict) == ("Ask for the postcode before the refund.", "not_met")
    assert first.is_present_version
    assert first.document_id == REFUNDS
