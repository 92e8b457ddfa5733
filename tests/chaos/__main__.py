"""`make chaos`: a day of two organizations under each fault: `python -m tests.chaos --only kill`.

After each fault the day is run again until it ends well; then every table and every message must
be what an undisturbed day leaves. Exits with 1 where one is not.
"""

import argparse
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.table import Table

from tasks.settings import PROJECT
from tests.chaos import peers, processes
from tests.chaos.faults import Chaos, Fault, Outcome, SkippedError
from tests.chaos.stage import staged

RESULTS = PROJECT / "benchmarks" / "results" / "chaos.json"
PAGE = PROJECT / "docs" / "reliability.md"
BEGIN, END = "<!-- chaos: begin -->", "<!-- chaos: end -->"
KILLS = 48  # of which some come when the day has ended: 40 at least are to strike
COLUMNS = ("fault", "stages", "struck", "reruns", "seconds", "outcome")
WHOLE = "all"
stdout = Console()


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status."""
    told = _parsed(arguments)
    signal.signal(signal.SIGTERM, _stop)
    faults = [one for one in every(told.kills) if not told.only or _meant(one, told.only)]
    if not faults:
        stdout.print(f"there is no fault {' or '.join(told.only)}", style="red")
        return 2
    lines = []
    with staged() as stage:
        stage.stages = told.stages
        for line in _struck(Chaos(stage), faults):
            lines.append(line | {"stages": told.stages or WHOLE})
            _show(lines[-1], len(lines), len(faults))
            if told.write:  # as it goes: it takes hours
                write(merged(lines), RESULTS, PAGE)
    found = merged(lines)
    stdout.print(_table(found))
    return int(any(one["outcome"] == "differs" for one in found))


def _meant(fault: Fault, only: Sequence[str]) -> bool:
    return fault.kind in only or any(one in fault.name for one in only if " " in one)


def every(kills: int) -> list[Fault]:
    """All faults, those that are the same but for their instants one after another."""
    return [*processes.kill_rounds(kills), *processes.FAULTS, *peers.FAULTS]


def _struck(chaos: Chaos, faults: Sequence[Fault]) -> Iterator[dict[str, Any]]:
    for fault in faults:
        try:
            yield told_of(chaos.under(fault))
        except SkippedError as skipped:
            yield _line(fault) | {"outcome": f"skipped: {skipped}"}


def told_of(outcome: Outcome) -> dict[str, Any]:
    """An outcome as a line of the table."""
    line = _line(outcome.fault)
    line |= {"struck": outcome.struck, "reruns": outcome.reruns}
    line |= {"seconds": round(outcome.seconds), "differs": outcome.differs}
    if not outcome.struck:
        line["differs"] = ["the fault did not strike", *outcome.differs]
    return line | {"outcome": "differs" if line["differs"] else "equal"}


def _line(fault: Fault) -> dict[str, Any]:
    return {"kind": fault.kind, "fault": fault.name, "excused": fault.excused, "differs": []}


def merged(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One line for each fault: how often it struck, the most reruns, all seconds, what differs."""
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        name = line["fault"]
        found[name] = _both(found[name], line) if name in found else line
    return list(found.values())


def _both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    worse = one if one["outcome"] == "differs" else other
    return one | {
        "struck": one["struck"] + other["struck"],
        "reruns": max(one["reruns"], other["reruns"]),
        "seconds": one["seconds"] + other["seconds"],
        "differs": [*one["differs"], *other["differs"]],
        "outcome": worse["outcome"],
    }


def write(found: Sequence[dict[str, Any]], results: Path, page: Path) -> None:
    """Keeps the lines: those of other faults stay as they are, and so does what is of a whole day
    where this one was of some stages."""
    kept = json.loads(results.read_text()) if results.exists() else []
    whole = {line["fault"] for line in kept if line["stages"] == WHOLE}
    fresh = {
        line["fault"]: line
        for line in found
        if line["stages"] == WHOLE or line["fault"] not in whole
    }
    names = {one.name: place for place, one in enumerate(every(KILLS))}
    lines = list({**{line["fault"]: line for line in kept}, **fresh}.values())
    lines = sorted(
        (one for one in lines if one["fault"] in names), key=lambda one: names[one["fault"]]
    )
    results.write_text(json.dumps(lines, indent=1, ensure_ascii=False) + "\n")
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = [" | ".join(_cells(line)) for line in lines]
    table = [" | ".join(COLUMNS), " | ".join(["---"] * len(COLUMNS)), *rows]
    body = "\n".join(f"| {row} |" for row in table)
    page.write_text(f"{before}{BEGIN}\n{body}\n{END}{after}")


def _cells(line: dict[str, Any]) -> list[str]:
    outcome = f"{line['outcome']}, {line['excused']}" if line["excused"] else line["outcome"]
    told = [line["fault"], *(str(line.get(name, "–")) for name in COLUMNS[1:5]), outcome]
    return told


def _show(line: dict[str, Any], number: int, of: int) -> None:
    style = "red" if line["outcome"] == "differs" else ""
    stdout.print(f"{number}/{of}", *_cells(line), sep="  ", style=style, highlight=False)
    for one in line["differs"]:
        stdout.print(f"    {one}", style="red", markup=False, soft_wrap=True)


def _table(found: Sequence[dict[str, Any]]) -> Table:
    table = Table(*COLUMNS)
    for line in found:
        table.add_row(*_cells(line), style="red" if line["outcome"] == "differs" else "")
    return table


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", metavar="FAULT", help='kinds, such as kill, or "two words" of a name'
    )
    parser.add_argument("--kills", type=int, default=KILLS, help=f"instants to kill at ({KILLS})")
    parser.add_argument("--write", action="store_true", help="into benchmarks/results and docs")
    parser.add_argument("--stages", default="", help="of the day, to look into one: extract,check")
    return parser.parse_args(arguments)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(143)


if __name__ == "__main__":
    sys.exit(main())
