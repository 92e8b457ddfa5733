"""Figures of verdicts on worked examples, and when a quotation stands."""

from datetime import UTC, datetime

import pytest

from tasks.evaluation.records import Judged, split_version
from tasks.evaluation.verdicts import measure_procedures, measure_sentiment, stands
from tasks.scoring import Conversation, Evidence, Turn

SAID_AT = datetime(2026, 3, 2, tzinfo=UTC)
TALK = Conversation(
    1,
    (
        Turn(10, 0, "customer", "Please change my number.", SAID_AT, True),
        Turn(11, 0, "agent", "Hello Zoë. What is your postcode?", SAID_AT, True),
        Turn(12, 1, "unknown", "I've changed it.", SAID_AT, True),
    ),
)


def judged(*told: tuple[str, str]) -> list[Judged]:
    return [Judged(truth, said, 0.5) for truth, said in told]


def test_sentiment_is_judged_on_three_classes_and_an_abstention_is_wrong() -> None:
    """By hand: 2 of 4 right; "very" makes no difference but to the quadratic kappa."""
    figures = measure_sentiment(
        judged(
            ("very_negative", "negative"),
            ("neutral", "neutral"),
            ("positive", "negative"),
            ("positive", "unknown"),
        )
    )
    assert figures["accuracy"] == 0.5
    assert figures["abstention"] == 0.25
    assert figures["macro_f1"] == pytest.approx((2 / 3 + 1 + 0) / 3, abs=1e-4)
    assert figures["calibration_error"] == pytest.approx(2 / 3 - 0.5, abs=1e-4)
    assert figures["quadratic_kappa"] < 1


def test_steps_are_judged_by_what_is_said_of_agents() -> None:
    """By hand: 4 said to be met or not, 3 rightly; 5 are, 3 found; 1 accusation of 2 is just."""
    figures = measure_procedures(
        judged(
            ("met", "met"),
            ("met", "met"),
            ("not_met", "not_met"),
            ("met", "not_met"),
            ("not_met", "unknown"),
            ("not_applicable", "not_applicable"),
        )
    )
    assert figures["precision"] == 0.75
    assert figures["recall"] == 0.6
    assert figures["violation_precision"] == 0.5
    assert figures["violation_recall"] == 0.5
    assert figures["abstention"] == pytest.approx(1 / 6, abs=1e-4)


def test_what_is_not_defined_is_left_out() -> None:
    assert measure_sentiment([]) == {}
    assert measure_procedures(judged(("not_applicable", "unknown"))).keys() == {
        "accuracy",
        "macro_f1",
        "kappa",
        "abstention",
    }


@pytest.mark.parametrize(
    ("place", "good"),
    [
        ((11, 0, 0, 10), True),  # "Hello Zoë."
        ((11, 0, 11, 33), True),  # "What is your postcode?"
        ((12, 1, 0, 16), True),  # on a call, either may have said it
        ((11, 0, 11, 34), False),  # past the end
        ((11, 0, 12, 33), False),  # cuts a word
        ((11, 0, 0, 8), False),  # cuts a word, and its end is a letter of no ASCII
        ((11, 0, 10, 33), False),  # begins with a space
        ((11, 0, 9, 10), False),  # no word
        ((11, 0, 5, 5), False),  # nothing
        ((10, 0, 0, 24), False),  # the customer's
        ((12, 0, 0, 16), False),  # no such turn
        ((99, 0, 0, 10), False),  # no such comment
    ],
)
def test_a_quotation_stands_on_whole_words_of_an_agent(place, good: bool) -> None:
    assert stands(TALK, Evidence(*place)) is good


def test_a_version_is_a_model_and_its_prompt_or_rules() -> None:
    assert split_version("MiniLM+logistic-1") == ("MiniLM", "logistic-1")
    assert split_version("whisper@1a5a") == ("whisper@1a5a", "none")
    assert split_version("gpt-6-luna+prompt-3+rubric-2") == ("gpt-6-luna", "prompt-3+rubric-2")
