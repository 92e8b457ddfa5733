"""Zendesk's rate limits, learned from the headers of its answers.

Source: Zendesk, "Rate limits": `ratelimit-{limit,remaining,reset}` for the account, and
`zendesk-ratelimit-<bucket>: total=; remaining=; resets=` for what has a budget of its own.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

BUCKET_HEADER = re.compile(r"zendesk-ratelimit-(?P<bucket>[a-z0-9-]+)")
FIELD = re.compile(r"(total|remaining|resets)\s*=\s*(\d+)")
ACCOUNT = "account"


@dataclass(frozen=True)
class Budget:
    """What is left of one bucket until `resets_at` (monotonic seconds)."""

    remaining: int
    resets_at: float


class Limits:
    """The budgets that the last answers told, by kind of path."""

    def __init__(self) -> None:
        self._budgets: dict[str, Budget] = {}
        self._buckets_of: dict[str, frozenset[str]] = {}

    def seconds_to_wait(self, path: str) -> tuple[float, str]:
        """How long a request to `path` should wait, and for which bucket."""
        now = time.monotonic()
        waits = [
            (budget.resets_at - now, name)
            for name in self._buckets_of.get(kind_of(path), frozenset({ACCOUNT}))
            if (budget := self._budgets.get(name)) is not None and budget.remaining <= 0
        ]
        return max([*waits, (0.0, "")])

    def scarcest(self, path: str) -> str:
        """The bucket of a request to `path` of which the least was left."""
        known = self._buckets_of.get(kind_of(path), frozenset()) & self._budgets.keys()
        return min(known, key=lambda name: self._budgets[name].remaining, default=ACCOUNT)

    def learn(self, path: str, headers: Mapping[str, str]) -> None:
        """Takes in what an answer to `path` said about its budgets, if it said anything."""
        now = time.monotonic()
        told = {
            match["bucket"]: _budget(value, now)
            for name, value in headers.items()
            if (match := BUCKET_HEADER.fullmatch(name.lower()))
        }
        if "ratelimit-remaining" in headers:
            told[ACCOUNT] = Budget(
                _number(headers["ratelimit-remaining"]),
                now + _number(headers.get("ratelimit-reset", "0")),
            )
        if told:
            self._budgets |= told
            self._buckets_of[kind_of(path)] = frozenset(told)


def kind_of(path: str) -> str:
    """The path without ids: requests of one kind share their buckets."""
    return re.sub(r"\d+", "#", path)


def _budget(value: str, now: float) -> Budget:
    fields = dict(FIELD.findall(value))
    return Budget(int(fields.get("remaining", 1)), now + int(fields.get("resets", 0)))


def _number(text: str) -> int:
    return int(text) if text.strip().isdigit() else 0
