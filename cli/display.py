"""What the terminal shows while a run works: one line a stage, and the ledger at the end."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import stamina
from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table
from stamina.instrumentation import RetryDetails

from tasks.errors import VensorError
from tasks.ledger import StageLine
from tasks.progress import Progress, reporting_to

WIDEST = 400
RETRY_SECONDS = 10.0
stdout = Console(highlight=False)
stderr = Console(stderr=True, highlight=False)
# At its own width: a wide table in a narrow window is better wrapped than cut, and can be copied.
wide = Console(width=WIDEST, highlight=False)


def print_json(told: object, *, default: Callable[[object], str] | None = None) -> None:
    """Prints JSON for other programs; `default` says what JSON does not know."""
    json.dump(told, sys.stdout, default=default, indent=1)
    sys.stdout.write("\n")


class RetryNotice:
    """Says on a screen that something is tried again, at most every ten seconds; in a pipe nothing.

    An error that is none of ours is named only: its words may quote what was asked.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._quiet_until = 0.0

    def __call__(self, details: RetryDetails) -> None:
        now = time.monotonic()
        if now < self._quiet_until or not self._console.is_terminal:
            return
        self._quiet_until = now + RETRY_SECONDS
        error = details.caused_by
        why = error.message if isinstance(error, VensorError) else type(error).__name__
        self._console.print(f"{why}; trying again", style="dim", soft_wrap=True, markup=False)


def show_retries() -> None:
    """From now on retries are told to whoever waits, in place of the library's log lines."""
    stamina.instrumentation.set_on_retry_hooks([RetryNotice(stderr)])


@contextmanager
def shown_progress(title: str) -> Iterator[None]:
    """Within, progress is shown on the terminal: bars on a screen, nothing in a pipe."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[note]}"),
    )
    with Bars(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as bars:
        overall = bars.add_task(title, total=None, count="", note="")
        shown: dict[str, TaskID] = {}

        def show(progress: Progress) -> None:
            if progress.stage not in shown:
                shown[progress.stage] = bars.add_task(
                    f"  {progress.stage}", total=None, count="", note=""
                )
            of = "" if progress.total is None else f"/{progress.total:,}"
            bars.update(
                shown[progress.stage],
                completed=progress.done,
                total=progress.total,
                count=f"{progress.done:,}{of}",
                note=progress.note,
            )

        with reporting_to(show):
            yield
        bars.update(overall, total=1, completed=1)


def ledger_table(title: str, lines: list[StageLine]) -> Table:
    """What each stage of a run did, as people read it."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("stage")
    for name in ("in", "out", "quarantined", "seconds"):
        table.add_column(name, justify="right")
    table.add_column("what")
    for line in lines:
        result = line.result
        table.add_row(
            line.stage,
            f"{result.rows_in:,}",
            f"{result.rows_out:,}",
            f"{result.quarantined:,}",
            f"{line.seconds:.1f}",
            result.note,
        )
    return table
