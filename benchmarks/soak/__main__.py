"""Simulated days of some organizations, in one process, with a clock that is moved.

    python -m benchmarks.soak --days 60 --organizations 3 --tickets 12

Each day is all of `daily` and all of `retention`, as the schedules begin them, against real
servers: Postgres, Prefect's, the sandbox's. After every night what there is is measured, and what
should have ended is looked for. Ends with 1 where anything does not hold.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import Progress

from benchmarks.soak.clock import MovingClock, begun_again
from benchmarks.soak.ended import Nights
from benchmarks.soak.flat import Trend, trends
from benchmarks.soak.night import Night, fact_tables, lasting_tables, looking, measured
from benchmarks.soak.stage import AUDIT_DAYS, Stage, staged
from tasks.settings import load_settings
from warehouse.clocks import Clocks

RESULTS = Path(__file__).parents[1] / "results" / "soak.json"
PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "soak.png"
DAYS, ORGANIZATIONS, TICKETS, CLOCK_DAYS = 60, 3, 12, 30
console = Console(stderr=True)


class Soak(msgspec.Struct, frozen=True, kw_only=True):
    """What was lived and what was found. `faults` are by night."""

    days: int
    organizations: int
    tickets_a_day: int
    clock_days: int
    seconds: float
    faults: dict[str, list[str]]
    trends: list[Trend]
    nights: list[Night]


def soak(clock: MovingClock, told: argparse.Namespace) -> Iterator[Soak]:
    """Lives all days, one after the other; what there is to say after each."""
    begins = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begins += timedelta(days=1)
    started = time.monotonic()
    faults: dict[str, list[str]] = {}
    nights: list[Night] = []
    clocks = Clocks(told.clock_days, max(told.clock_days, AUDIT_DAYS), told.clock_days)
    slugs = [f"desk-{number}" for number in range(1, told.organizations + 1)]
    with staged(clock, clocks, slugs, told.tickets, begins, told.days) as stage:
        seen = Nights(stage)
        for number in range(told.days):
            day, is_last = begins + timedelta(days=number), number == told.days - 1
            night, found, lasting = _night(stage, seen, day, whole=is_last)
            nights.append(night)
            if found:
                faults[night.day] = found
            yield Soak(
                days=len(nights),
                organizations=told.organizations,
                tickets_a_day=told.tickets,
                clock_days=told.clock_days,
                seconds=round(time.monotonic() - started, 1),
                faults=faults,
                trends=trends(nights, lasting, clock_days=told.clock_days),
                nights=nights,
            )


def _night(
    stage: Stage, seen: Nights, day: datetime, *, whole: bool
) -> tuple[Night, list[str], set[str]]:
    """A day and the night after it: what there is, what does not hold, which tables' rows stay."""
    started = time.monotonic()
    began, failures = stage.live(day)
    with looking(stage.home, str(load_settings().logins().loader.database)) as connection:
        seconds = time.monotonic() - started
        night = measured(stage.home, connection, day.date().isoformat(), seconds)
        found = [*failures, *seen.faults(connection, began, whole=whole)]
        return night, found, lasting_tables(night.rows, fact_tables(connection))


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints what grew and what did not hold; with --write keeps results and picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--organizations", type=int, default=ORGANIZATIONS)
    parser.add_argument("--tickets", type=int, default=TICKETS, help="a day, of each organization")
    parser.add_argument(
        "--clock-days", type=int, default=CLOCK_DAYS, help="that words, tickets, figures are kept"
    )
    parser.add_argument("--out", type=Path, help="a file for the results, night by night")
    parser.add_argument("--write", action="store_true", help="results and picture into the project")
    told = parser.parse_args(arguments)
    clock = begun_again()
    try:
        done = _shown(soak(clock, told), told)
    finally:
        clock.forget()
    if told.write:
        from benchmarks.soak.picture import draw

        _write(done, RESULTS)
        draw(done.nights, PICTURE, clock_days=done.clock_days)
    grown = [one for one in done.trends if not one.holds]
    for one in grown:
        console.print(f"grows: {one.name}: {one.first:,} to {one.last:,} ({one.allowed:,} allowed)")
    console.print(
        f"{done.days} days of {done.organizations} organizations in {done.seconds:,.0f} s:"
        f" {sum(map(len, done.faults.values()))} faults, {len(grown)} of {len(done.trends)} grow"
    )
    return 1 if done.faults or grown else 0


def _shown(lived: Iterator[Soak], told: argparse.Namespace) -> Soak:
    """The last of them. Each is written down as it comes, where that is asked for."""
    with Progress(console=console, auto_refresh=console.is_terminal) as progress:
        bar = progress.add_task("the first night", total=told.days)
        for done in lived:
            night = done.nights[-1]
            for fault in done.faults.get(night.day, []):
                progress.console.print(f"{night.day}: {fault}", style="red")
            progress.update(bar, completed=done.days, description=f"{night.day} {night.seconds} s")
            if told.out:
                _write(done, told.out)
    return done


def _write(done: Soak, path: Path) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(done), indent=1) + b"\n")


if __name__ == "__main__":
    sys.exit(main())
