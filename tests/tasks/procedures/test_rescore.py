"""Judging anew, and the difference."""

from datetime import datetime, timedelta

import pytest

from tasks.errors import ConfigurationError, TransientError
from tasks.rescore import ClauseChange, StepChange, rescore
from tasks.resources import Resources
from tests.tasks.procedures.conftest import ASK, IDENTITY, REFUNDS, TELL, JudgeNow, Put, Say
from warehouse.ledger import exclusive

POSTCODE = "Ask for the postcode before the refund."
OFFER = "Close by offering further help."


@pytest.mark.usefixtures("desk")
def test_a_changed_clause_shows_what_it_changed(
    resources: Resources, judge_now: JudgeNow, put: Put
) -> None:
    """Before and after, step by step, though the numbers moved; and the tickets."""
    judge_now()
    put(POSTCODE, OFFER, TELL)
    done = rescore(resources.organization.slug, document_id=REFUNDS)
    assert done.tickets == 4
    [change] = done.documents
    assert list(change.clauses) == [
        ClauseChange(1, 1, ASK, POSTCODE),
        ClauseChange(None, 2, None, OFFER),
    ]
    assert list(change.changes) == [
        StepChange(1, POSTCODE, True, "met", "not_met", 1, [1]),
        StepChange(2, OFFER, True, None, "not_met", 2, [1, 2]),
    ]
    assert change.unchanged == 3
    again = rescore(resources.organization.slug, document_id=REFUNDS, limit=1)
    assert again.tickets == 0
    assert [len(one.ticket_ids) for one in again.documents[0].changes] == [1, 1]


@pytest.mark.usefixtures("desk")
def test_a_step_that_went_is_told_in_its_own_words(
    resources: Resources, judge_now: JudgeNow, put: Put
) -> None:
    """Its verdicts are of nothing any more."""
    judge_now()
    put(TELL)
    [_, change] = sorted(
        rescore(resources.organization.slug).documents, key=lambda one: one.document_id
    )
    assert change.document_id == REFUNDS
    assert list(change.clauses) == [ClauseChange(1, None, ASK, None)]
    assert [(one.clause, one.in_force, one.was, one.now) for one in change.changes] == [
        (ASK, False, "met", None),
        (ASK, False, "not_met", None),
    ]


@pytest.mark.usefixtures("desk")
def test_only_tickets_that_changed_since_are_judged(
    resources: Resources, judge_now: JudgeNow, put: Put, say: Say, as_of: datetime
) -> None:
    """The rest is for the next run."""
    say(9, "c:I want a refund.", "a:Done: I have refunded it.", at=as_of - timedelta(days=5))
    judge_now()
    put(POSTCODE, TELL)
    done = rescore(resources.organization.slug, since=as_of - timedelta(days=1))
    assert done.tickets == 4
    assert judge_now().tickets == 1


@pytest.mark.usefixtures("desk")
def test_nothing_is_compared_where_nothing_changed(
    resources: Resources, judge_now: JudgeNow
) -> None:
    """The first version has no former one."""
    judge_now()
    for one in rescore(resources.organization.slug).documents:
        assert (one.former_version, list(one.clauses), list(one.changes)) == (None, [], [])


def test_what_cannot_be_done_says_what_to_do(resources: Resources, put: Put) -> None:
    """No procedure, an unknown one, a run under way."""
    slug = resources.organization.slug
    with pytest.raises(ConfigurationError, match="knowledge add"):
        rescore(slug)
    put(ASK, document_id=IDENTITY)
    with pytest.raises(ConfigurationError, match="knowledge list"):
        rescore(slug, document_id="nothing")
    with (
        exclusive(resources.engine, resources.organization),
        pytest.raises(TransientError, match="under way"),
    ):
        rescore(slug)
