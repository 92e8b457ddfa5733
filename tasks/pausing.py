"""Waiting that ends at once when whoever asked for the work has gone.

A thread that sleeps through a rate limit would otherwise hold its process for a minute after
Ctrl-C: Python joins its threads before it ends.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event

from tasks.errors import TransientError

_gone: ContextVar[Event] = ContextVar("gone")


@contextmanager
def abandoning() -> Iterator[None]:
    """Ends the pauses of the threads that were started within, at its own end."""
    gone = Event()
    token = _gone.set(gone)
    try:
        yield
    finally:
        gone.set()
        _gone.reset(token)


def pause(seconds: float) -> None:
    """Waits. Raises: TransientError when nobody waits for this thread any more."""
    gone = _gone.get(None) or Event()
    if gone.wait(seconds):
        raise TransientError("a wait was broken off: what it was for has ended")
