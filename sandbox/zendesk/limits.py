"""Rate limits: fixed windows of a minute, a bucket for the account and one for some endpoints."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

WINDOW_SECONDS = 60
ACCOUNT = "account"
DEFAULTS = {
    ACCOUNT: 700,
    "incremental": 30,
    "talk_incremental": 10,
    "help_center": 200,
    "search_export": 100,
    "deleted_records": 10,
}


@dataclass
class Bucket:
    """One minute's budget."""

    limit: int
    used: int = 0
    resets_at: float = 0.0

    def take(self, now: float) -> bool:
        """Whether one more request fits into the current window; it is counted if so."""
        if now >= self.resets_at:
            self.used, self.resets_at = 0, now + WINDOW_SECONDS
        if self.used >= self.limit:
            return False
        self.used += 1
        return True

    @property
    def remaining(self) -> int:
        """Requests left in the window."""
        return self.limit - self.used

    def seconds_left(self, now: float) -> int:
        """Whole seconds until the window ends, at least one."""
        return max(1, int(self.resets_at - now + 0.999))


class Limits:
    """The buckets of one account."""

    def __init__(self, per_minute: Mapping[str, int]) -> None:
        self._buckets = {
            name: Bucket(limit) for name, limit in (DEFAULTS | dict(per_minute)).items()
        }
        self._lock = Lock()

    def take(self, name: str) -> tuple[dict[str, str], int | None]:
        """The answer's headers, and the seconds to wait when a bucket is empty."""
        now = time.monotonic()
        names = [ACCOUNT] if name == ACCOUNT else [ACCOUNT, name]
        with self._lock:
            empty = next((one for one in names if not self._buckets[one].take(now)), None)
            headers = self._headers(names, now)
            wait = self._buckets[empty].seconds_left(now) if empty else None
        return headers, wait

    def _headers(self, names: list[str], now: float) -> dict[str, str]:
        whole = self._buckets[ACCOUNT]
        headers = {
            "x-rate-limit": str(whole.limit),
            "x-rate-limit-remaining": str(whole.remaining),
            "ratelimit-limit": str(whole.limit),
            "ratelimit-remaining": str(whole.remaining),
            "ratelimit-reset": str(whole.seconds_left(now)),
        }
        for name in names[1:]:
            one = self._buckets[name]
            told = f"total={one.limit}; remaining={one.remaining}; resets={one.seconds_left(now)}"
            headers[f"zendesk-ratelimit-{name.replace('_', '-')}"] = told
        return headers
