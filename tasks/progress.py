"""How far a step is. Shown by whoever listens: the terminal, or else the run's log."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

LOG_EVERY_SECONDS = 10.0

logger = logging.getLogger("vensor.progress")


@dataclass(frozen=True)
class Progress:
    """`done` of `total` (None: not known) in a stage; `note` names what, never a value."""

    stage: str
    done: int
    total: int | None = None
    note: str = ""


class LoggedProgress:
    """Writes progress to the log, at most every ten seconds."""

    def __init__(self) -> None:
        self._next_at = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now < self._next_at:
            return
        self._next_at = now + LOG_EVERY_SECONDS
        of = "" if progress.total is None else f" of {progress.total}"
        logger.info("%s: %s%s %s", progress.stage, progress.done, of, progress.note)


Reporter = Callable[[Progress], None]
_reporter: ContextVar[Reporter] = ContextVar("reporter")


def report(stage: str, done: int, *, total: int | None = None, note: str = "") -> None:
    """Tells how far `stage` is."""
    listener = _reporter.get(None)
    if listener is None:
        listener = LoggedProgress()
        _reporter.set(listener)
    listener(Progress(stage, done, total, note))


@contextmanager
def also_reporting_to(reporter: Reporter) -> Iterator[None]:
    """Within, progress goes to `reporter` as well as to whoever listens already."""
    listener = _reporter.get(None) or LoggedProgress()

    def both(progress: Progress) -> None:
        listener(progress)
        reporter(progress)

    with reporting_to(both):
        yield


@contextmanager
def reporting_to(reporter: Reporter) -> Iterator[None]:
    """Within, progress goes to `reporter`."""
    token = _reporter.set(reporter)
    try:
        yield
    finally:
        _reporter.reset(token)
