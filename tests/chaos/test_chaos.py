"""One fault of `make chaos`, start to end; and that its harness sees what it is there to see."""

import pytest

from tests.chaos.__main__ import every
from tests.chaos.digests import TICKET, differing
from tests.chaos.faults import Chaos, not_excused

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of Great Expectations
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


def test_after_commits_whose_answers_were_lost_a_day_ends_as_if_undisturbed(chaos: Chaos) -> None:
    """Whoever commits cannot know whether it was heard: what is done again changes nothing."""
    (lost,) = [one for one in every(kills=0) if "after COMMIT" in one.name]
    outcome = chaos.under(lost)
    assert outcome.struck == 5
    assert outcome.differs == []


def test_a_row_a_word_and_a_message_that_differ_are_seen(chaos: Chaos) -> None:
    """One value of one row, one sealed word, one message more."""
    expected = chaos.expected("local")
    rows = {name: int(told["rows"]) for name, told in expected.items()}
    assert rows["zendesk.tickets"] > 90
    assert rows["zendesk.comment_contents.sealed"] > 100
    assert rows["Slack, support-acme"] > 0
    for name in ("zendesk.tickets", "zendesk.comment_contents.sealed", "Slack, support-acme"):
        changed = {**expected[name], "whole": "another"}
        assert differing({**expected, name: changed}, expected) == [
            f"{name}: {rows[name]} of {rows[name]}"
        ]


def test_of_what_a_fault_excuses_no_more_may_differ() -> None:
    """Two tickets, and the tables that tell of them; a third ticket, or another table, does not."""
    (refusal,) = [one for one in every(kills=0) if "refusal" in one.name]
    tickets = [f"ai.assessments{TICKET}org/{number}: 1 of 1" for number in (1, 2, 3)]
    tables = ["ai.assessments: 9 of 9 (topic)", "metrics.fct_quality_daily: 4 of 4"]
    assert not_excused(refusal, [*tables, *tickets[:2]]) == []
    assert not_excused(refusal, [*tables, *tickets]) == [*tables, *tickets]
    assert not_excused(refusal, [*tables, "zendesk.tickets: 1 of 2"]) == ["zendesk.tickets: 1 of 2"]
