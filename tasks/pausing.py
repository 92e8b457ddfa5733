"""Waiting that ends at once when whoever asked for the work has gone.

A thread that sleeps through a rate limit would otherwise hold its process for a minute after
Ctrl-C: Python joins its threads before it ends.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from threading import Event

from tasks.errors import TransientError

_gone: ContextVar[Event] = ContextVar("gone")


@contextmanager
def abandoning() -> Iterator[Context]:
    """A context to run threads' work in; its pauses end with this one, or with one around it."""
    context = copy_context()
    around = context.get(_gone)
    gone = Event() if around is None else around
    context.run(_gone.set, gone)
    try:
        yield context
    finally:
        if around is None:
            gone.set()


def pause(seconds: float) -> None:
    """Waits. Raises: TransientError when nobody waits for this thread any more."""
    gone = _gone.get(None) or Event()
    if gone.wait(seconds):
        raise TransientError("a wait was broken off: what it was for has ended")
