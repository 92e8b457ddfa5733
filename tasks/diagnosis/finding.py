"""What is found when something is looked over, as people read it."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass

from tasks.errors import VensorError
from tasks.failures import PLAIN, Kind, classify

AT_ONCE = 8
NO_ANSWER = (
    "source down: is it up, is its address right, does a firewall let this machine through?"
    " then `vensor doctor` again"
)


@dataclass(frozen=True)
class Finding:
    """One line: `ok` is None where the thing is optional and not there; `advice` is what to do."""

    subject: str
    ok: bool | None
    meaning: str
    advice: str = ""


# Looks one thing over. A VensorError of it is a finding too.
Check = Callable[[], list[Finding]]


def tried(subject: str, check: Check) -> Check:
    """`check`, whose error is what it found: the thing is broken, and why."""

    def guarded() -> list[Finding]:
        try:
            return check()
        except VensorError as error:
            return [Finding(subject, False, error.message, _advice(error))]

    return guarded


def _advice(error: VensorError) -> str:
    failure = classify(error)
    if failure.kind is Kind.SOURCE_DOWN:
        return NO_ANSWER
    return "" if failure.kind in PLAIN else str(failure)


def examined(checks: Sequence[Check]) -> list[Finding]:
    """What all of them found, in their order. Several are at it at once: most only wait."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="doctor") as threads:
        # each with who acts, which lies in the context
        found = [threads.submit(copy_context().run, one) for one in checks]
        return [finding for one in found for finding in one.result()]
