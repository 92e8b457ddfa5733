"""What Prefect costs.

The organization's flow, with its tasks, against a server of its own on this machine; and the same
function with the same stages, each called as the plain function that it is. Each run is the first
one of a new organization, connected to the same account, as of the same instant. Runs alternate,
and which of a pair begins alternates too; the first of each kind is thrown away.

Only the stages without models run, unless told otherwise: with models a day takes ten times as
long, and what Prefect costs is the same.
"""

import gc
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from benchmarks.benchmark import Benchmark
from benchmarks.figures import Figure
from benchmarks.stage import Stage, seconds_of, staged
from cli import orchestrator
from tasks.stages import Stage as DayStage

STAGES = (DayStage.EXTRACT, DayStage.CHECK, DayStage.MEASURE, DayStage.PUBLISH)


def measure(tickets: int, rounds: int, stages: Sequence[DayStage]) -> Iterator[Figure]:
    """Medians; what Prefect adds is of pairs, so that what slows both slows neither."""
    with staged(tickets) as stage:
        orchestrator.configure(stage.home)
        try:
            seconds = _alternating(stage, stages, rounds)
        finally:
            orchestrator.stop(stage.home)
    pairs = list(zip(seconds["prefect"], seconds["plain"], strict=True))
    flow, plain = min(pairs, key=lambda pair: abs(pair[0] / pair[1] - _median_ratio(pairs)))
    what = f"a day of {tickets:,} tickets"
    yield Figure(
        f"{what}, under Prefect beside plain: the pair in the middle", flow, "s", plain, "≤ 1.1"
    )
    yield Figure(f"{what}, Prefect adds", statistics.median(one - two for one, two in pairs))


def _median_ratio(pairs: Sequence[tuple[float, float]]) -> float:
    return statistics.median(flow / plain for flow, plain in pairs)


def _alternating(stage: Stage, stages: Sequence[DayStage], rounds: int) -> dict[str, list[float]]:
    """Seconds of each run, under Prefect and plain, in the order of the rounds."""
    from flows.organization import organization

    def plain(slug: str) -> None:
        with without_tasks():
            organization.fn(slug, as_of=stage.as_of, stages=list(stages))

    def flow(slug: str) -> None:
        organization(slug, as_of=stage.as_of, stages=list(stages))

    ways: dict[str, Callable[[str], None]] = {"plain": plain, "prefect": flow}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name in sorted(ways, reverse=number % 2 == 1):
            taken = _seconds(stage, f"{name}-{number}", ways[name])
            if number:
                seconds[name].append(taken)
    return seconds


@contextmanager
def without_tasks() -> Iterator[None]:
    """While it lasts, a task is the function that it was made of."""
    from prefect import Task

    with_engine = Task.__call__

    def call(task: Any, *args: Any, **kwargs: Any) -> Any:
        return task.fn(*args, **kwargs)

    Task.__call__ = call  # type: ignore[assignment,method-assign]
    try:
        yield
    finally:
        Task.__call__ = with_engine  # type: ignore[assignment,method-assign]


def _seconds(stage: Stage, slug: str, run: Callable[[str], None]) -> float:
    with stage.tenant(slug):
        gc.collect()
        return seconds_of(lambda: run(slug))


BENCHMARK = Benchmark(
    "orchestration",
    measure,
    small={"tickets": 60, "rounds": 1, "stages": STAGES},
    full={"tickets": 10_000, "rounds": 5, "stages": STAGES},
    about=__doc__,
)

if __name__ == "__main__":
    BENCHMARK.main()
