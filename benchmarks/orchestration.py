"""What Prefect costs: `python -m benchmarks.orchestration --tickets 10000`.

The organization's flow, with its tasks, against a server of its own on this machine; and the same
function with the same stages, each called as the plain function that it is. Each run is the first
one of a new organization, connected to the same account, as of the same instant. Runs alternate,
and which of a pair begins alternates too; the first of each kind is thrown away.

Only the stages without models run, unless told otherwise: with models a day takes ten times as
long, and what Prefect costs is the same.
"""

import argparse
import gc
import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.stage import Stage, staged
from cli import orchestrator
from tasks.stages import Stage as DayStage

RESULTS = Path(__file__).parent / "results" / "orchestration.json"
TICKETS, ROUNDS = 10_000, 5
STAGES = (DayStage.EXTRACT, DayStage.CHECK, DayStage.MEASURE, DayStage.PUBLISH)
GOAL = 0.10


def measure(stage: Stage, stages: Sequence[DayStage], rounds: int) -> dict[str, list[float]]:
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
            print(f"{name} {number}: {taken:.2f} s", flush=True)  # noqa: T201
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


def figures(seconds: dict[str, list[float]], tickets: int) -> dict[str, Any]:
    """Medians, and what Prefect adds: of pairs, so that what slows both slows neither."""
    pairs = list(zip(seconds["prefect"], seconds["plain"], strict=True))
    return {
        "tickets": tickets,
        "rounds": len(pairs),
        "plain_seconds": round(statistics.median(seconds["plain"]), 2),
        "prefect_seconds": round(statistics.median(seconds["prefect"]), 2),
        "adds_seconds": round(statistics.median(flow - plain for flow, plain in pairs), 2),
        "adds": round(statistics.median(flow / plain for flow, plain in pairs) - 1, 3),
        "pairs": [[round(one, 2) for one in pair] for pair in pairs],
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints each run and the figures; with --write also keeps them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=TICKETS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--stages", nargs="+", type=DayStage, default=STAGES)
    parser.add_argument("--write", action="store_true", help="into benchmarks/results")
    told = parser.parse_args(arguments)
    with staged(told.tickets) as stage:
        orchestrator.configure(stage.home)
        try:
            found = figures(measure(stage, told.stages, told.rounds), told.tickets)
        finally:
            orchestrator.stop(stage.home)
    print(json.dumps(found, indent=1))  # noqa: T201
    print(f"Prefect adds {found['adds']:.1%} (goal: at most {GOAL:.0%})")  # noqa: T201
    if told.write:
        kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        kept[str(told.tickets)] = found
        RESULTS.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


def _seconds(stage: Stage, slug: str, run: Callable[[str], None]) -> float:
    with stage.tenant(slug):
        gc.collect()
        began = time.perf_counter()
        run(slug)
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
