"""Organizations a minute over workers: `python -m benchmarks.scale --organizations 20`.

A Prefect server on Postgres, and one worker, then two, each taking one run at a time. Each round
has its own organizations, connected to one account of `--tickets`, which has no limits; a run is an
organization's first day, all its stages or those told. The clock runs from the first request for a
run to the end of the last one, so that starting the processes of runs is within. How busy the
machine's cores were, with everything on it, says what holds back more workers here.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from benchmarks.machines import (
    begin_runs,
    cluster,
    prefect_database,
    states,
    talking,
    warehouse_environment,
)
from benchmarks.stage import Stage, staged
from tasks.settings import load_settings
from tasks.stages import Stage as DayStage

RESULTS = Path(__file__).parent / "results" / "scale.json"
ORGANIZATIONS, TICKETS, WORKERS = 20, 60, (1, 2)
POLL_SECONDS = 0.5
OPEN = {"SCHEDULED", "PENDING", "RUNNING"}


@dataclass(frozen=True)
class Throughput:
    """What some workers did. `cores_busy` is of the whole machine, of `cores`."""

    workers: int
    organizations: int
    seconds: float
    organizations_a_minute: float
    run_seconds: float
    cores_busy: float
    cores: int


def measure(stage: Stage, told: argparse.Namespace) -> Iterator[Throughput]:
    """A line for each number of workers. Raises: RuntimeError where a run did not complete."""
    environment = warehouse_environment(load_settings().logins(), os.environ["VENSOR_KEK"])
    database = prefect_database(stage.home, "prefect")
    with cluster(stage.home / "cluster", database) as found, talking(found):
        for workers in told.workers:
            slugs = [f"org-{workers}-{number}" for number in range(told.organizations)]
            for slug in slugs:
                with stage.tenant(slug):
                    pass
            machines = [
                found.add(f"machine-{workers}-{number}", environment) for number in range(workers)
            ]
            _warm(stage, workers, told.stages)
            yield _throughput(slugs, workers, told.stages)
            for machine in machines:
                machine.stop()


def _warm(stage: Stage, workers: int, stages: Sequence[DayStage]) -> None:
    """A run on each, outside of the clock: it parses dbt's project there, once."""
    slugs = [f"warm-{workers}-{number}" for number in range(workers)]
    for slug in slugs:
        with stage.tenant(slug):
            pass
    _throughput(slugs, workers, stages)


def _throughput(slugs: Sequence[str], workers: int, stages: Sequence[DayStage]) -> Throughput:
    busy, began = _busy_seconds(), time.monotonic()
    runs = begin_runs(slugs, datetime.now(UTC), stages)
    ended, told = 0, states(runs)
    while ended < len(slugs):
        time.sleep(POLL_SECONDS)
        told, before = states(runs), ended
        ended = sum(state not in OPEN for state in told.values())
        if ended > before:
            taken = time.monotonic() - began
            print(f"{workers} workers: {ended} of {len(slugs)}, {taken:.0f} s", flush=True)  # noqa: T201
    seconds = time.monotonic() - began
    failed = sorted(slug for slug, state in told.items() if state != "COMPLETED")
    if failed:
        raise RuntimeError(f"not completed: {', '.join(failed)}")
    return Throughput(
        workers,
        len(slugs),
        round(seconds, 1),
        round(len(slugs) / seconds * 60, 2),
        round(seconds * workers / len(slugs), 1),
        round((_busy_seconds() - busy) / seconds, 2),
        os.cpu_count() or 1,
    )


def _busy_seconds() -> float:
    """What all cores together have worked since the machine began."""
    times: Any = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints how far each round is and its line; with --write also keeps the lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--organizations", type=int, default=ORGANIZATIONS)
    parser.add_argument("--tickets", type=int, default=TICKETS, help="of each organization")
    parser.add_argument("--workers", type=int, nargs="+", default=WORKERS)
    parser.add_argument("--stages", nargs="+", type=DayStage, default=list(DayStage))
    parser.add_argument("--write", action="store_true", help="into benchmarks/results")
    told = parser.parse_args(arguments)
    lines: list[dict[str, Any]] = []
    with staged(told.tickets) as stage:
        for line in measure(stage, told):
            lines.append({"tickets": told.tickets, **asdict(line)})
            print(json.dumps(lines[-1]), flush=True)  # noqa: T201
    if told.write:
        RESULTS.write_text(json.dumps(lines, indent=1) + "\n")


if __name__ == "__main__":
    main()
