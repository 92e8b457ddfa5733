"""Organizations a minute over workers.

A Prefect server on Postgres, and one worker, then two, each taking one run at a time. Each round
has its own organizations, connected to one account of `--tickets`, which has no limits; a run is an
organization's first day, all its stages or those told. The clock runs from the first request for a
run to the end of the last one, so that starting the processes of runs is within. How busy the
machine's cores were, with everything on it, says what holds back more workers here.
"""

import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psutil

from benchmarks.benchmark import Benchmark
from benchmarks.figures import Figure
from benchmarks.machines import (
    begin_runs,
    cluster,
    prefect_database,
    states,
    talking,
    warehouse_environment,
)
from benchmarks.stage import Stage, seconds_of, staged
from tasks.stages import Stage as DayStage

POLL_SECONDS = 0.5
OPEN = {"SCHEDULED", "PENDING", "RUNNING"}


def measure(
    organizations: int, tickets: int, workers: Sequence[int], stages: Sequence[DayStage]
) -> Iterator[Figure]:
    """What each number of workers does. Raises: RuntimeError where a run did not complete."""
    with staged(tickets) as stage:
        environment = warehouse_environment(stage.warehouse.logins, os.environ["VENSOR_KEK"])
        database = prefect_database(stage.home, "prefect")
        with cluster(stage.home / "cluster", database) as found, talking(found):
            for many in workers:
                machines = [found.add(f"machine-{many}-{one}", environment) for one in range(many)]
                # it parses dbt's project there, once: outside of the clock
                _run(_connected(stage, f"warm-{many}", many), stages)
                slugs = _connected(stage, f"org-{many}", organizations)
                busy = _busy_seconds()
                seconds = seconds_of(partial(_run, slugs, stages))
                busy = _busy_seconds() - busy
                what = f"{many} workers, {organizations} organizations of {tickets} tickets"
                yield Figure(what, organizations / seconds * 60, "a minute")
                yield Figure(f"{what}: cores busy", busy / seconds, "cores", os.cpu_count() or 1)
                for machine in machines:
                    machine.stop()


def _connected(stage: Stage, name: str, many: int) -> list[str]:
    """So many new organizations, connected to the account; their slugs."""
    slugs = [f"{name}-{number}" for number in range(many)]
    for slug in slugs:
        with stage.tenant(slug):
            pass
    return slugs


def _run(slugs: Sequence[str], stages: Sequence[DayStage]) -> None:
    runs = begin_runs(slugs, datetime.now(UTC), stages)
    while OPEN & set((told := states(runs)).values()):
        time.sleep(POLL_SECONDS)
    failed = sorted(slug for slug, state in told.items() if state != "COMPLETED")
    if failed:
        raise RuntimeError(f"not completed: {', '.join(failed)}")


def _busy_seconds() -> float:
    """What all cores together have worked since the machine began."""
    times: Any = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


BENCHMARK = Benchmark(
    "scale",
    measure,
    small={
        "organizations": 2,
        "tickets": 20,
        "workers": (1,),
        "stages": (DayStage.EXTRACT, DayStage.CHECK),
    },
    full={"organizations": 20, "tickets": 60, "workers": (1, 2), "stages": tuple(DayStage)},
    about=__doc__,
)

if __name__ == "__main__":
    BENCHMARK.main()
