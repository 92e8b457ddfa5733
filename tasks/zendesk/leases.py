"""A process's share of an account's budget, leased from the warehouse a few requests at a time.

The leased requests are spent without a round trip; what answers told goes along with the next
lease. See docs/decisions/0008-shared-budgets.md.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from sqlalchemy import Engine

from tasks.errors import TransientError
from tasks.zendesk.limits import (
    ACCOUNT,
    Permit,
    Told,
    Wait,
    kind_of,
    refusing_bucket,
    told_in,
)
from warehouse.budgets import AccountBudgets, Grant, Report

QUICK_SECONDS = 2.0
MOST_WANTED = 256


def shared_budget(engine: Engine, base_url: str) -> "SharedBudget":
    """The budget of the account at `base_url`, shared through the warehouse."""
    return SharedBudget(AccountBudgets(engine, base_url))


class Ledger(Protocol):
    """Where leases come from: warehouse.budgets.AccountBudgets."""

    def take(
        self, path: str, *, holding: Collection[str], want: int, reports: Sequence[Report]
    ) -> list[Grant]: ...

    def learn(self, reports: Sequence[Report]) -> None: ...


@dataclass
class Lease:
    """What is left of a lease until `ends_at` (monotonic seconds)."""

    permits: int
    window_no: int
    ends_at: float
    known: bool


@dataclass
class Pending:
    """A report that is not sent yet; its instants are monotonic seconds."""

    report: Report
    told: Told | None = None
    closed_until: float | None = None


class SharedBudget:
    """A budget that all processes share. Safe to use from several threads.

    A lease is asked for twice as large when the last one lasted less than two seconds, and half
    as large when it lasted longer: a slow process holds nothing that others could use.
    """

    def __init__(self, ledger: Ledger, clock: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._clock = clock
        self._lock = Lock()
        self._leases: dict[str, Lease] = {}
        self._pending: dict[tuple[str, int | None], Pending] = {}
        self._buckets_of: dict[str, frozenset[str]] = {}
        self._totals: dict[str, int | None] = {}
        self._want = 1
        self._taken_at = clock()

    def reserve(self, path: str) -> Permit | Wait:
        """See `Budget`. Raises: TransientError where the warehouse is not reachable."""
        kind = kind_of(path)
        with self._lock:
            self._drop_ended()
            buckets = self._buckets_of.get(kind)
            if buckets is None or not buckets <= self._leases.keys():
                held = self._leases.keys() & (buckets or frozenset())
                grants = self._take(kind, held)
                buckets = frozenset(held | {grant.bucket for grant in grants})
                refused = [grant for grant in grants if not grant.permits]
                if refused:
                    self._give_back()
                    longest = max(refused, key=lambda grant: grant.seconds)
                    return Wait(longest.seconds, longest.bucket)
            return self._spend(kind, buckets)

    def settle(
        self,
        permit: Permit,
        headers: Mapping[str, str] | None,
        *,
        closed_seconds: float | None = None,
    ) -> None:
        """See `Budget`. What others must know at once is sent at once."""
        told = told_in(headers or {}, self._clock())
        with self._lock:
            for bucket in permit.windows:
                self._count(permit, bucket, told)
            news = [self._learn(permit, bucket, told[bucket]) for bucket in told]
            if told:
                self._buckets_of[permit.kind] = frozenset(told)
            elif headers is not None and permit.kind not in self._buckets_of:
                # limits are told for other kinds of path, or for none
                self._report(permit, ACCOUNT).report.path = permit.kind
                self._buckets_of[permit.kind] = frozenset({ACCOUNT})
            if closed_seconds:
                self._shut(permit, refusing_bucket(told, permit.windows), closed_seconds)
            if permit.probing or closed_seconds or any(news):
                self._send()

    def close(self) -> None:
        """See `Budget`."""
        with self._lock:
            self._give_back()

    def _take(self, kind: str, held: Collection[str]) -> list[Grant]:
        now = self._clock()
        quick = now - self._taken_at < QUICK_SECONDS
        want = min(self._want * 2, MOST_WANTED) if quick else max(self._want // 2, 1)
        grants = self._ledger.take(kind, holding=held, want=want, reports=self._reports())
        self._pending.clear()
        granted = [grant for grant in grants if grant.permits]
        for grant in granted:
            self._add(grant, now + grant.seconds)
        if granted:
            self._want, self._taken_at = want, now
        return grants

    def _add(self, grant: Grant, ends_at: float) -> None:
        lease = self._leases.get(grant.bucket)
        permits = grant.permits
        if lease is not None and lease.window_no == grant.window_no:
            permits += lease.permits
        else:
            self._return(grant.bucket)
        self._leases[grant.bucket] = Lease(permits, grant.window_no, ends_at, grant.known)

    def _spend(self, kind: str, buckets: Collection[str]) -> Permit:
        windows = {bucket: self._leases[bucket].window_no for bucket in buckets}
        probing = not all(self._leases[bucket].known for bucket in buckets)
        for bucket in buckets:
            self._leases[bucket].permits -= 1
            if self._leases[bucket].permits == 0:
                del self._leases[bucket]
        return Permit(kind, windows, probing)

    def _count(self, permit: Permit, bucket: str, told: Collection[str]) -> None:
        """One permit less: counted by Zendesk, or not spent in this bucket at all, or perhaps."""
        report = self._report(permit, bucket).report
        if bucket in told:
            report.answered += 1
        elif told:
            report.returned += 1
        else:
            report.silent += 1

    def _learn(self, permit: Permit, bucket: str, told: Told) -> bool:
        """Notes what was told; whether others must know at once."""
        pending = self._report(permit, bucket)
        pending.report.path = permit.kind
        pending.told = told if pending.told is None else pending.told.then(told)
        changed = self._totals.get(bucket, told.total) != told.total
        self._totals[bucket] = told.total
        lease = self._leases.get(bucket)
        if lease is None or lease.permits <= told.remaining:
            return changed
        self._return(bucket)  # somebody else spent what was leased to us
        return True

    def _shut(self, permit: Permit, bucket: str, seconds: float) -> None:
        self._report(permit, bucket).closed_until = self._clock() + seconds
        self._return(bucket)

    def _drop_ended(self) -> None:
        now = self._clock()
        for bucket in [name for name, lease in self._leases.items() if lease.ends_at <= now]:
            self._return(bucket)

    def _return(self, bucket: str) -> None:
        lease = self._leases.pop(bucket, None)
        if lease is not None:
            self._pend(bucket, lease.window_no).report.returned += lease.permits

    def _give_back(self) -> None:
        for bucket in list(self._leases):
            self._return(bucket)
        if self._pending:
            self._send()

    def _send(self) -> None:
        """Reports now; what cannot be sent goes along with the next lease."""
        with suppress(TransientError):
            self._ledger.learn(self._reports())
            self._pending.clear()

    def _report(self, permit: Permit, bucket: str) -> Pending:
        return self._pend(bucket, permit.windows.get(bucket))

    def _pend(self, bucket: str, window_no: int | None) -> Pending:
        key = (bucket, window_no)
        return self._pending.setdefault(key, Pending(Report(bucket, window_no)))

    def _reports(self) -> list[Report]:
        """What is pending, its instants counted from now, the oldest window first."""
        now = self._clock()
        for pending in self._pending.values():
            report = pending.report
            if pending.told is not None:
                report.total, report.remaining = pending.told.total, pending.told.remaining
                report.resets_seconds = pending.told.ends_at - now
            if pending.closed_until is not None:
                report.closed_seconds = pending.closed_until - now
        found = [pending.report for pending in self._pending.values()]
        return sorted(found, key=lambda report: (report.bucket, report.window_no or 0))
