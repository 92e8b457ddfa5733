"""Pieces of work side by side: how many at once, and how they end."""

import threading
import time

import pytest

from tasks.errors import PermanentError
from tasks.pausing import pause
from tasks.side_by_side import side_by_side


def test_no_more_run_at_once_than_are_allowed_and_each_tells_once() -> None:
    """As they end, whatever the order."""
    lock, here, most = threading.Lock(), 0, 0

    def work(number: int) -> int:
        nonlocal here, most
        with lock:
            here += 1
            most = max(most, here)
        time.sleep(0.02)
        with lock:
            here -= 1
        return number

    found = list(side_by_side([lambda n=n: work(n) for n in range(9)], at_once=3))
    assert sorted(found) == list(range(9))
    assert most == 3


@pytest.mark.parametrize("error", [PermanentError("no"), KeyboardInterrupt()])
def test_the_first_error_ends_pauses_and_what_has_not_begun(error: BaseException) -> None:
    """A wait of an hour for somebody's limit does not outlive what it was for."""
    begun: list[int] = []
    waiting = threading.Event()

    def wait() -> None:
        begun.append(1)
        waiting.set()
        pause(3600)

    def fail() -> None:
        waiting.wait(10)
        raise error

    began = time.monotonic()
    with pytest.raises(type(error)):
        list(side_by_side([wait, fail, *[wait] * 20], at_once=2))
    assert time.monotonic() - began < 10
    assert len(begun) <= 3
