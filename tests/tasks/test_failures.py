"""Why something failed, read off its class: the kind, and what to do, in every place it is told."""

import pytest

import tasks.errors
from tasks.errors import (
    AlteredError,
    BadRecordError,
    BudgetSpentError,
    ClosedGateError,
    ConfigurationError,
    DataError,
    FailedRunsError,
    LimitedError,
    NotAllowedError,
    NotInPlanError,
    OptedOutError,
    PermanentError,
    RefusedError,
    TransientError,
    VensorError,
)
from tasks.failures import Kind, advised, classify, in_one_line
from tasks.step import step

KINDS = [
    (RefusedError("forbidden"), Kind.PERMISSION),
    (NotInPlanError("not there"), Kind.PERMISSION),
    (NotAllowedError("no role"), Kind.PERMISSION),
    (LimitedError("answered 429", retry_after_seconds=9), Kind.LIMIT),
    (BudgetSpentError("spent"), Kind.LIMIT),
    (TransientError("did not answer"), Kind.SOURCE_DOWN),
    (OptedOutError("opted out"), Kind.SOURCE_DOWN),
    (ClosedGateError("closed"), Kind.DATA),
    (BadRecordError("odd", reason="not_an_object"), Kind.DATA),
    (AlteredError("not as it was signed"), Kind.DATA),
    (DataError("out of range"), Kind.DATA),
    (ConfigurationError("set it"), Kind.SETTINGS),
    (FailedRunsError("2 of 3 failed"), Kind.SEVERAL),
    (PermanentError("unexpected KeyError at tasks/x.py:3"), Kind.BUG),
    (KeyError("Wilhelmina"), Kind.BUG),
    (ExceptionGroup("several", [ValueError()]), Kind.BUG),
]


@pytest.mark.parametrize(("error", "kind"), KINDS, ids=lambda one: type(one).__name__)
def test_every_class_is_of_one_kind(error: Exception, kind: Kind) -> None:
    """With a next step; of whatever is none of ours nothing but that it is a bug."""
    found = classify(error)
    assert found.kind is kind
    assert found.next_step
    assert "Wilhelmina" not in str(found)


def test_every_class_of_ours_is_listed() -> None:
    """A class of errors that someone adds must be thought of here, or inherit what is said."""
    known = {type(error) for error, _ in KINDS} | {VensorError}
    named = {getattr(tasks.errors, name) for name in tasks.errors.__all__}
    assert named - known == set()


def test_advice_ends_the_words_once() -> None:
    """However often an edge is passed."""
    error = advised(advised(RefusedError("no scope")))
    assert error.message == "no scope"
    assert str(error) == f"no scope ({classify(error)})"


def test_the_terminal_adds_nothing_to_what_says_what_to_do() -> None:
    """A setting that is missing is named; a limit or an outage is worth another try."""
    assert in_one_line(advised(ConfigurationError("set VENSOR_KEK"))) == "set VENSOR_KEK"
    assert in_one_line(NotAllowedError("needs the role owner")) == "needs the role owner"
    assert "may pass: try again" in in_one_line(TransientError("busy"))
    assert "(data: " in in_one_line(ClosedGateError("closed"))


def test_what_leaves_a_step_says_kind_and_next_step() -> None:
    """Prefect shows it as the state's message; a value is nobody's to read there."""

    @step
    def reading(slug: str, stream_name: str) -> None:
        raise {"tickets": RefusedError("no scope")}.get(stream_name, KeyError("Wilhelmina"))

    with pytest.raises(RefusedError, match=r"^no scope \(permission: grant .*\)$"):
        reading.fn("acme", "tickets")
    with pytest.raises(PermanentError, match=r"unexpected KeyError at tests.* \(bug: ") as caught:
        reading.fn("acme", "calls")
    assert "Wilhelmina" not in str(caught.value)
