"""Fetching the next page while this one is worked on."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context
from typing import TypeVar

from tasks.pausing import abandoning

T = TypeVar("T")


def prefetched(pages: Iterator[T]) -> Iterator[T]:
    """The items of `pages`, in order, each fetched in a thread while the one before is used.

    At most one item is held ahead: memory does not grow with their number. A pause in the thread
    ends when nobody asks for more.
    """
    with (
        ThreadPoolExecutor(max_workers=1, thread_name_prefix="prefetch") as executor,
        abandoning() as context,
    ):
        ahead = _submit(executor, context, pages)
        while True:
            for item in ahead.result():
                ahead = _submit(executor, context, pages)
                yield item
                break
            else:
                return


def _submit(
    executor: ThreadPoolExecutor, context: Context, pages: Iterator[T]
) -> "Future[list[T]]":
    """The next item in a list, or an empty list at the end."""

    def fetch() -> list[T]:
        for item in pages:
            return [item]
        return []

    return executor.submit(context.run, fetch)
