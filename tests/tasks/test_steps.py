"""What leaves a step, and how pages are fetched ahead."""

import threading
from collections.abc import Iterator

import pytest

from tasks.errors import PermanentError, TransientError
from tasks.prefetch import prefetched
from tasks.progress import Progress, report, reporting_to
from tasks.sanitising import without_values


def _raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


def test_an_unexpected_error_leaves_as_its_class_and_place() -> None:
    """Its message may quote a record; Prefect would store it where many people look."""
    told = without_values(_raised(ValueError("Wilhelmina Featherstonehaugh")))
    assert isinstance(told, PermanentError)
    assert "unexpected ValueError at tests/tasks/test_steps.py:" in str(told)
    assert "Wilhelmina" not in str(told)


def test_vensor_s_own_errors_leave_without_their_cause() -> None:
    """A driver's error below ours quotes values."""
    try:
        try:
            raise ValueError("Wilhelmina")
        except ValueError as inner:
            raise TransientError("the warehouse is busy") from inner
    except TransientError as error:
        told = without_values(error)
    assert str(told) == "the warehouse is busy"
    assert told.__cause__ is None
    assert told.__context__ is None


def test_pages_come_in_order_and_at_most_one_ahead() -> None:
    """Memory does not grow with their number."""
    produced: list[int] = []
    ready = threading.Event()

    def pages() -> Iterator[int]:
        for number in range(5):
            produced.append(number)
            ready.set()
            yield number

    seen = []
    for page in prefetched(pages()):
        ready.wait(5)
        assert len(produced) <= page + 2
        seen.append(page)
    assert seen == list(range(5))


def test_an_error_while_fetching_ahead_comes_after_the_page_before_it() -> None:
    """The good page is used first; then the error is the consumer's."""

    def pages() -> Iterator[int]:
        yield 1
        raise TransientError("page 2")

    seen = []
    with pytest.raises(TransientError, match="page 2"):
        seen.extend(prefetched(pages()))
    assert seen == [1]


def test_progress_goes_to_who_listens() -> None:
    """And to no one else once they have stopped."""
    told: list[Progress] = []
    with reporting_to(told.append):
        report("embed", 3, total=9, note="tickets")
    report("embed", 4)
    assert told == [Progress("embed", 3, 9, "tickets")]
