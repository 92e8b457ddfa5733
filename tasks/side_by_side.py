"""Pieces of work done side by side, a few at once."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from tasks.pausing import abandoning

T = TypeVar("T")


def side_by_side(works: Sequence[Callable[[], T]], *, at_once: int) -> Iterator[T]:
    """What each of `works` returns, as they end.

    The first error is let out, and so is Ctrl-C: what has not begun never does, pauses under way
    end, and the rest is waited for. Nothing goes on behind the back of who asked.
    """
    with (
        ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="aside") as executor,
        abandoning() as context,
    ):
        futures = [executor.submit(context.copy().run, work) for work in works]
        try:
            for one in as_completed(futures):
                yield one.result()
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
