"""Zendesk's rate limits, learned from the headers of its answers, and a budget for one process.

Source: Zendesk, "Rate limits": `ratelimit-{limit,remaining,reset}` for the account, and
`zendesk-ratelimit-<bucket>: total=; remaining=; resets=` for what has a budget of its own. Their
windows are fixed; what is left of them is told in whole seconds, rounded up.
"""

import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Protocol

BUCKET_HEADER = re.compile(r"zendesk-ratelimit-(?P<bucket>[a-z0-9-]+)")
FIELD = re.compile(r"(total|remaining|resets)\s*=\s*(\d+)")
ACCOUNT = "account"
LONGEST_WINDOW_SECONDS = 3600
APART_SECONDS = 1.2


@dataclass(frozen=True)
class Told:
    """One bucket, as an answer told it. `ends_at` is when its window has ended at the latest.

    Seconds of a monotonic clock. `total` is None where the limit was not told.
    """

    total: int | None
    remaining: int
    ends_at: float

    def then(self, newer: "Told") -> "Told":
        """What is known after a later answer: within one window, the least that any told."""
        if newer.total != self.total or abs(newer.ends_at - self.ends_at) > APART_SECONDS:
            return newer
        ends_at = min(self.ends_at, newer.ends_at)
        return replace(newer, ends_at=ends_at, remaining=min(self.remaining, newer.remaining))


@dataclass(frozen=True)
class Wait:
    """How long a request has to wait, and for which bucket."""

    seconds: float
    bucket: str


@dataclass(frozen=True)
class Permit:
    """The right to one request of a kind; the window of each bucket that it was leased from."""

    kind: str
    windows: Mapping[str, int] = field(default_factory=dict)
    probing: bool = False


class Budget(Protocol):
    """What an account's limits leave to a client."""

    def reserve(self, path: str) -> Permit | Wait:
        """The right to one request to `path`, or how long to wait before asking for it again."""
        ...

    def settle(
        self,
        permit: Permit,
        headers: Mapping[str, str] | None,
        *,
        closed_seconds: float | None = None,
    ) -> None:
        """Takes in the answer, None if none came, and for how long it said to stay away."""
        ...

    def close(self) -> None:
        """Gives back what is not used."""
        ...


class LocalBudget:
    """The budget of a process that nobody shares an account with, or that has no warehouse."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._told: dict[str, Told] = {}
        self._closed: dict[str, float] = {}
        self._buckets_of: dict[str, frozenset[str]] = {}

    def reserve(self, path: str) -> Permit | Wait:
        """See `Budget`. What is not known yet is free."""
        kind, now = kind_of(path), self._clock()
        with self._lock:
            buckets = self._buckets_of.get(kind, frozenset({ACCOUNT}))
            waits = [Wait(self._opens_at(name) - now, name) for name in buckets]
            longest = max(waits, key=lambda wait: wait.seconds)
            if longest.seconds > 0:
                return longest
            for name in buckets & self._told.keys():
                told = self._told[name]
                self._told[name] = replace(told, remaining=told.remaining - 1)
            return Permit(kind)

    def settle(
        self,
        permit: Permit,
        headers: Mapping[str, str] | None,
        *,
        closed_seconds: float | None = None,
    ) -> None:
        """See `Budget`."""
        now = self._clock()
        told = told_in(headers or {}, now)
        with self._lock:
            for name, newer in told.items():
                older = self._told.get(name)
                self._told[name] = newer if older is None else older.then(newer)
            if told:
                self._buckets_of[permit.kind] = frozenset(told)
            if closed_seconds:
                buckets = self._buckets_of.get(permit.kind, frozenset())
                name = refusing_bucket(told, buckets)
                self._closed[name] = max(self._closed.get(name, 0.0), now + closed_seconds)

    def close(self) -> None:
        """See `Budget`."""

    def _opens_at(self, name: str) -> float:
        told = self._told.get(name)
        spent = told is not None and told.remaining <= 0
        return max(self._closed.get(name, 0.0), told.ends_at if told and spent else 0.0)


def told_in(headers: Mapping[str, str], now: float) -> dict[str, Told]:
    """What an answer that came at `now` told, by bucket; nothing where it told nothing."""
    told = {
        match["bucket"]: _told(value, now)
        for name, value in headers.items()
        if (match := BUCKET_HEADER.fullmatch(name.lower()))
    }
    if "ratelimit-remaining" in headers:
        told[ACCOUNT] = Told(
            _number(headers.get("ratelimit-limit", "")),
            _number(headers["ratelimit-remaining"]) or 0,
            _ends_at(now, _number(headers.get("ratelimit-reset", "")) or 0),
        )
    return told


def refusing_bucket(told: Mapping[str, Told], buckets: Collection[str]) -> str:
    """The bucket for which a request was refused: the one that is empty, or else the account."""
    empty = [name for name, one in told.items() if one.remaining <= 0]
    if empty:
        return max(empty, key=lambda name: told[name].ends_at)
    return ACCOUNT if ACCOUNT in buckets or not buckets else min(buckets)


def kind_of(path: str) -> str:
    """The path without ids: requests of one kind share their buckets."""
    return re.sub(r"[^/]*\d[^/]*", "#", path)


def _told(value: str, now: float) -> Told:
    fields = {name: int(number) for name, number in FIELD.findall(value)}
    ends_at = _ends_at(now, fields.get("resets", 0))
    return Told(fields.get("total"), fields.get("remaining", 1), ends_at)


def _ends_at(now: float, seconds: int) -> float:
    """No window of Zendesk's is longer than some minutes: a mistake would stop an account."""
    return now + min(seconds, LONGEST_WINDOW_SECONDS)


def _number(text: str) -> int | None:
    return int(text) if text.strip().isdigit() else None
