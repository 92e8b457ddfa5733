"""One fault of `make chaos`, start to end; and that its harness sees what it is there to see."""

import pytest

from tests.chaos.__main__ import every
from tests.chaos.digests import differing
from tests.chaos.faults import Chaos

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
