"""What a backfill of days inside the clock takes: `python -m benchmarks.backfilling`.

An organization reads an account and measures it. Then two weeks are backfilled twice: once where
the comments of these days went missing, so that all of them are measured anew, and once where
nothing did. A Zendesk on loopback answers at once and has no limits here: what is measured is what
the warehouse and dbt take.
"""

import argparse
import json
import time
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import text

from benchmarks.stage import Stage, staged
from cli import orchestrator
from tasks.stages import Stage as DayStage

TICKETS, DAYS = 5_000, 14
READ = (DayStage.EXTRACT, DayStage.CHECK, DayStage.MEASURE, DayStage.PUBLISH)
GONE = "delete from zendesk.comments where created_at::date between :first and :last"


def measure(stage: Stage, days: int) -> dict[str, float]:
    """Seconds of a backfill of so many days, where words of each were missing and where none."""
    from flows.backfill import backfill
    from flows.organization import organization

    first, last = (stage.as_of.date() - timedelta(days=ago) for ago in (days, 1))
    seconds: dict[str, float] = {}
    with stage.tenant("backfilled") as resources:
        organization("backfilled", as_of=stage.as_of, stages=list(READ))
        with resources.session() as connection:
            connection.execute(text(GONE), {"first": first, "last": last})
        for what in ("missing", "unchanged"):
            began = time.perf_counter()
            lines = backfill("backfilled", from_day=str(first), to_day=str(last))
            seconds[what] = round(time.perf_counter() - began, 1)
            print(*lines, sep="\n", flush=True)  # noqa: T201
    return seconds


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints what each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=TICKETS)
    parser.add_argument("--days", type=int, default=DAYS)
    told = parser.parse_args(arguments)
    with staged(told.tickets) as stage:
        orchestrator.configure(stage.home)
        try:
            found = measure(stage, told.days)
        finally:
            orchestrator.stop(stage.home)
    print(json.dumps({"tickets": told.tickets, "days": told.days, "seconds": found}))  # noqa: T201


if __name__ == "__main__":
    main()
