"""How much of a rate limit several processes use together, and what sharing it costs.

`python -m benchmarks.pacing` runs processes with the product's own client against a server that
counts as Zendesk does, and prints what they made of its limits. The warehouse is the one that
the settings name, or else a new embedded one that goes away at the end. `--write` keeps the
numbers in benchmarks/results/pacing.json.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg

from benchmarks.throttled import Throttled, serving
from tasks.settings import load_settings
from tasks.zendesk import Credentials, ZendeskClient
from tasks.zendesk.leases import SharedBudget
from warehouse import embedded
from warehouse.bootstrap import initialise_embedded
from warehouse.budgets import AccountBudgets, Grant, Report, account_key
from warehouse.migrate import migrate
from warehouse.sessions import engine_for

RESULTS = Path(__file__).parent / "results" / "pacing.json"
PATHS = {
    "account": "/api/v2/groups.json",
    "incremental": "/api/v2/incremental/tickets/cursor.json",
}
START_SECONDS = 5.0


@dataclass(frozen=True)
class Case:
    """So many processes, and the limit that they share in each window."""

    processes: int
    bucket: str
    limit: int
    window_seconds: int
    windows: int


CASES = [
    Case(2, "incremental", 10, 10, 3),
    Case(4, "incremental", 30, 10, 3),
    Case(4, "account", 700, 10, 3),
    Case(8, "account", 2500, 30, 2),
]


@dataclass(frozen=True)
class Measured:
    """What became of a case. Requests are those of whole windows; the rest is of all."""

    requests: int
    allowed: int
    refused: int
    round_trips_a_request: float
    milliseconds_a_round_trip: float


class Store:
    """A token that has no end."""

    def load(self) -> Credentials:
        return Credentials("benchmark", "none", "token")

    def save(self, credentials: Credentials) -> None:
        """Nothing renews it."""


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
    with ZendeskClient.opened(base_url, Store(), on_wait=on_wait, budget=budget) as client:
        try:
            while time.time() < until:
                client.get(path, {})
        except Over:
            pass
        made = {"requests": client.requests, "calls": ledger.calls, "seconds": ledger.seconds}
    engine.dispose()
    return made


def measure(case: Case) -> Measured:
    """Runs a case from the beginning of a window on, with processes of its own."""
    limits = {"account": 100_000, case.bucket: case.limit}
    with serving(Throttled(limits, case.window_seconds)) as (server, base_url):
        _announce(base_url, case)
        begins_at = server.begin_in(START_SECONDS)
        until = begins_at + case.windows * case.window_seconds - 0.05
        time.sleep(max(begins_at - START_SECONDS - time.time(), 0))
        command = [sys.executable, "-m", "benchmarks.pacing", "--worker", base_url]
        command += [PATHS[case.bucket], str(until)]
        workers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(case.processes)]
        made = [json.loads(worker.communicate()[0]) for worker in workers]
    total = {name: sum(one[name] for one in made) for name in made[0]}
    return Measured(
        requests=server.counted_from(case.bucket, begins_at, case.windows),
        allowed=case.limit * case.windows,
        refused=server.refused,
        round_trips_a_request=round(total["calls"] / total["requests"], 3),
        milliseconds_a_round_trip=round(1000 * total["seconds"] / total["calls"], 2),
    )


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


@contextmanager
def warehouse() -> Iterator[None]:
    """The warehouse of the settings, or an embedded one of this benchmark's own."""
    if "VENSOR_WAREHOUSE_URL" in os.environ:
        yield
        return
    home = Path(tempfile.mkdtemp(prefix="vensor-pacing-"))
    os.environ["VENSOR_HOME"] = str(home)
    try:
        migrate(initialise_embedded(home).migrator)
        yield
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs all cases, or the one that the options describe."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--case", help="one case as JSON in place of all")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    options = parser.parse_args(arguments)
    if options.worker:
        base_url, path, until = options.worker
        _say(work(base_url, path, float(until)))
        return
    cases = [Case(**json.loads(options.case))] if options.case else CASES
    results = []
    with warehouse():
        for case in cases:
            results.append(asdict(case) | asdict(measure(case)))
            _say(results[-1])
    if options.write:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")


def _say(result: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(result) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
