"""Faults: what is to go wrong with the next matching requests."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from threading import Lock
from typing import Literal

import msgspec

Kind = Literal[
    "403", "429", "500", "502", "503", "504", "truncate", "hang", "repeat_cursor", "expire_token",
    "revoke_token", "timeout_after_commit", "garbage", "duplicate_page", "refusal", "no_json",
    "fewer_answers",
]  # fmt: skip


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One queued fault.

    ``path`` is a substring of ``path?query``, or a glob of the path when it has a ``*``.
    The first ``skip`` matching requests pass, the next ``times`` are hit. ``seconds`` is
    how long a hang lasts, ``retry_after`` what a 429 says. ``cut`` tells how a page is
    truncated: "json" sends half the body as if it were whole, "connection" drops the
    connection half way. "expire_token" ends the request's access token, "revoke_token" its
    refresh token as well. "garbage" is some proxy's page in place of the answer;
    "duplicate_page" has each record twice. Of OpenAI's: a model's "refusal", words that are
    "no_json" where an object was asked for, "fewer_answers" than there were questions.
    """

    path: str
    kind: Kind
    times: int = 1
    skip: int = 0
    method: str | None = None
    account: str | None = None
    seconds: float = 30.0
    retry_after: int = 1
    cut: Literal["json", "connection"] = "json"

    def __post_init__(self) -> None:
        if self.times < 1 or self.skip < 0 or self.seconds < 0 or self.retry_after < 0:
            raise ValueError("times is at least 1; skip, seconds, retry_after at least 0")


class Seen(msgspec.Struct, frozen=True):
    """What a fault is matched against."""

    method: str
    path: str
    query: str
    account: str | None


class Faults:
    """The queue: the first match wins, and is used up once."""

    def __init__(self) -> None:
        self._queue: list[Fault] = []
        self._lock = Lock()

    def add(self, faults: Iterable[Fault]) -> int:
        """How many faults are queued now."""
        with self._lock:
            self._queue += faults
            return len(self._queue)

    def clear(self) -> None:
        """Drops all that is queued."""
        with self._lock:
            self._queue.clear()

    def queued(self) -> list[Fault]:
        """What is still to come."""
        with self._lock:
            return list(self._queue)

    def take(self, seen: Seen) -> Fault | None:
        """The fault that hits this request, counted."""
        with self._lock:
            for fault in self._queue:
                if not _matches(fault, seen):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if not fault.times:
                    self._queue.remove(fault)
                return fault
        return None


def _matches(fault: Fault, seen: Seen) -> bool:
    if fault.method and fault.method.upper() != seen.method:
        return False
    if fault.account and fault.account != seen.account:
        return False
    if fault.kind == "repeat_cursor" and not repeats(seen):
        return False
    if "*" in fault.path:
        return fnmatchcase(seen.path, fault.path)
    return fault.path in f"{seen.path}?{seen.query}"


def repeats(seen: Seen) -> bool:
    """Whether the request has a position that its answer can repeat."""
    if "/cursor" in seen.path:
        return "cursor=" in seen.query
    return "start_time=" in seen.query or "after" in seen.query
