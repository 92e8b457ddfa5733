"""How much of a rate limit several processes use together, and what sharing it costs.

Processes with the product's own client ask a server that counts as Zendesk does, from the beginning
of a window on. They share one account's budget through the warehouse.
"""

import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier

import psycopg

from benchmarks.benchmark import Benchmark
from benchmarks.figures import Figure
from benchmarks.stage import warehouse
from benchmarks.throttled import Throttled, serving
from tasks.settings import load_settings
from tasks.zendesk import Credentials, ZendeskClient
from tasks.zendesk.credentials import HeldCredentials
from tasks.zendesk.leases import SharedBudget
from warehouse.budgets import AccountBudgets, Grant, Report, account_key
from warehouse.sessions import engine_for

PATHS = {
    "account": "/api/v2/groups.json",
    "incremental": "/api/v2/incremental/tickets/cursor.json",
}
START_SECONDS = 1.0
INCREMENTAL_BELOW = 100  # requests a window: the exports' bucket


@dataclass(frozen=True)
class Case:
    """So many processes, and the limit that they share in each window."""

    processes: int
    bucket: str
    limit: int
    window_seconds: int
    windows: int


@dataclass(frozen=True)
class Measured:
    """What became of a case. Requests are those of whole windows; the rest is of all."""

    requests: int
    allowed: int
    refused: int
    round_trips_a_request: float
    milliseconds_a_round_trip: float


class Timed:
    """A ledger, and how often and how long it was asked."""

    def __init__(self, ledger: AccountBudgets) -> None:
        self._ledger = ledger
        self.calls = 0
        self.seconds = 0.0

    def take(
        self, path: str, *, holding: Collection[str], want: int, reports: Sequence[Report]
    ) -> list[Grant]:
        with self._timed():
            return self._ledger.take(path, holding=holding, want=want, reports=reports)

    def learn(self, reports: Sequence[Report]) -> None:
        with self._timed():
            self._ledger.learn(reports)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.calls += 1
        self.seconds += time.perf_counter() - started


class Over(Exception):
    """The time of the case is up."""


def work(base_url: str, path: str, until: float) -> dict[str, float]:
    """Asks for pages until then; what that took."""

    def on_wait(seconds: float, _bucket: str) -> None:
        if time.time() + seconds > until:
            raise Over

    engine = engine_for(load_settings().logins().loader)
    ledger = Timed(AccountBudgets(engine, base_url))
    budget = SharedBudget(ledger)
    store = HeldCredentials(Credentials("benchmark", "none", "token"))  # it has no end
    with ZendeskClient.opened(base_url, store, on_wait=on_wait, budget=budget) as client:
        try:
            while time.time() < until:
                client.get(path, {})
        except Over:
            pass
        made = {"requests": client.requests, "calls": ledger.calls, "seconds": ledger.seconds}
    engine.dispose()
    return made


def paced(case: Case) -> Measured:
    """Runs a case from the beginning of a window on, with processes of its own."""
    limits = {"account": 100_000, case.bucket: case.limit}
    context = get_context("spawn")
    together = context.Barrier(case.processes)  # none works before all are there
    with (
        serving(Throttled(limits, case.window_seconds)) as (server, base_url),
        ProcessPoolExecutor(case.processes, context, _begin, (together,)) as pool,
    ):
        _announce(base_url, case)
        list(pool.map(time.sleep, [0.0] * case.processes))
        begins_at = server.begin_in(START_SECONDS)
        until = begins_at + case.windows * case.window_seconds - 0.05
        time.sleep(max(begins_at - START_SECONDS - time.time(), 0))
        working = [
            pool.submit(work, base_url, PATHS[case.bucket], until) for _ in range(case.processes)
        ]
        made = [one.result() for one in working]
    total = {name: sum(one[name] for one in made) for name in made[0]}
    return Measured(
        requests=server.counted_from(case.bucket, begins_at, case.windows),
        allowed=case.limit * case.windows,
        refused=server.refused,
        round_trips_a_request=total["calls"] / total["requests"],
        milliseconds_a_round_trip=1000 * total["seconds"] / total["calls"],
    )


def _begin(together: Barrier) -> None:
    """In each process, once it has imported all of this."""
    together.wait()


def _announce(base_url: str, case: Case) -> None:
    """Tells the warehouse of windows shorter than Zendesk's minute, as only its owner can."""
    url = load_settings().logins().migrator.set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        connection.execute("set role vensor_owner")
        for bucket in ("account", case.bucket, "?/api/#/groups.json", "?/api/#/incremental"):
            connection.execute(
                "insert into app.account_budgets (account_key, bucket, window_seconds)"
                " values (%s, %s, %s) on conflict do nothing",
                [account_key(base_url), bucket, case.window_seconds],
            )


def measure(
    processes: Sequence[int],
    limits: Sequence[int],
    window_seconds: Sequence[int],
    windows: Sequence[int],
) -> Iterator[Figure]:
    """A case for each place in the lists."""
    with warehouse(metrics=False):
        for many, limit, seconds, times in zip(
            processes, limits, window_seconds, windows, strict=True
        ):
            bucket = "incremental" if limit < INCREMENTAL_BELOW else "account"
            found = paced(Case(many, bucket, limit, seconds, times))
            what = f"{many} processes, {limit:,} a window"
            yield Figure(
                f"{what}: used of allowed", found.requests, "requests", found.allowed, "≥ 0.98"
            )
            yield Figure(f"{what}: refused", found.refused, "requests", goal="≤ 0")
            yield Figure(f"{what}: round trips a request", found.round_trips_a_request, "")
            yield Figure(f"{what}: a round trip", found.milliseconds_a_round_trip, "ms")


BENCHMARK = Benchmark(
    "pacing",
    measure,
    small={
        "processes": (2, 4),
        "limits": (10, 300),
        "window_seconds": (4, 10),
        "windows": (2, 1),
    },
    full={
        "processes": (2, 4, 4, 8),
        "limits": (10, 30, 700, 2500),
        "window_seconds": (10, 10, 10, 30),
        "windows": (3, 3, 3, 2),
    },
    about=__doc__,
)

if __name__ == "__main__":
    BENCHMARK.main()
