"""One fault of `make chaos`, start to end; and that its harness sees what it is there to see."""

import pytest

from tests.chaos.__main__ import every
from tests.chaos.digests import TICKET, Difference, differing
from tests.chaos.faults import Chaos, Fault, not_excused

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of Great Expectations
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


def test_after_commits_whose_answers_were_lost_a_day_ends_as_if_undisturbed(chaos: Chaos) -> None:
    """Whoever commits cannot know whether it was heard: what is done again changes nothing."""
    outcome = chaos.under(_fault("after COMMIT"))
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
        assert list(map(str, differing({**expected, name: changed}, expected))) == [
            f"{name}: {rows[name]} of {rows[name]}"
        ]


def test_of_what_a_fault_excuses_no_more_may_differ() -> None:
    """Three tickets, and the tables that tell of them; no fourth ticket, and no other table."""
    refusal, late = (_fault(name) for name in ("refusal", "clock"))
    tickets = [Difference(f"ai.assessments{TICKET}org/{one}", "1", "1") for one in (1, 2, 3, 4)]
    tables = [Difference("ai.assessments", "9", "9", ("topic",))]
    assert not_excused(refusal, [*tables, *tickets[:3]]) == []
    assert not_excused(refusal, [*tables, *tickets]) == [*tables, *tickets]
    lost = Difference("zendesk.tickets", "1", "2")
    assert not_excused(refusal, [*tables, lost]) == [lost]
    found = Difference("ai.alerts", "2", "2", ("found_at",))
    graver = Difference("ai.alerts", "2", "2", ("found_at", "severity"))
    fewer = Difference("ai.alerts", "1", "2", ("found_at",))
    assert not_excused(late, [found, graver, fewer]) == [graver, fewer]


def _fault(told: str) -> Fault:
    (found,) = [one for one in every(kills=0) if told in one.name]
    return found
