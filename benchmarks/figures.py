"""The one form of all that is measured: figures, their limits and goals, kept as JSON."""

import json
import operator
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
SIGNS = {"≤": operator.le, "≥": operator.ge}
COLUMNS = ("what", "figure", "beside", "ratio", "goal", "")


@dataclass(frozen=True)
class Figure:
    """One figure in `unit`, and what it is measured against, `beside`, in the same unit.

    A goal such as "≤ 1.3" is one for the ratio of the two, or for the value where it stands alone.
    `times`: of how many times the data, where it grows.
    """

    what: str
    value: float
    unit: str = "s"
    beside: float | None = None
    goal: str = ""
    times: int | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.beside if self.beside else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if not self.goal:
            return None
        sign, bound = self.goal.split()
        return bool(SIGNS[sign](self.value if self.ratio is None else self.ratio, float(bound)))

    def cells(self) -> tuple[str, ...]:
        """In the order of COLUMNS."""
        beside = "" if self.beside is None else f"{_short(self.beside)} {self.unit}".strip()
        ratio = "" if self.ratio is None else f"{_short(self.ratio)} ×"
        met = {None: "", True: "met", False: "missed"}[self.met]
        return (
            self.what if self.times is None else f"{self.what}, {self.times} × the data",
            f"{_short(self.value)} {self.unit}".strip(),
            beside,
            ratio,
            self.goal,
            met,
        )


def this_machine() -> dict[str, Any]:
    """What a figure depends on. `load` is that of the last minute before."""
    return {
        "cores": os.cpu_count() or 1,
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "load": round(os.getloadavg()[0], 1),
    }


@dataclass(frozen=True)
class Result:
    """All figures of one run of a benchmark, how it was run, when and on what."""

    name: str
    command: str
    figures: list[Figure]
    date: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%d}")
    machine: dict[str, Any] = field(default_factory=this_machine)

    def keep(self, size: str) -> None:
        """Writes it to results/<size>/<name>.json."""
        told = asdict(self) | {
            "figures": [{**asdict(one), "ratio": one.ratio, "met": one.met} for one in self.figures]
        }
        path = RESULTS / size / f"{self.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def kept(size: str) -> list[Result]:
    """What was kept of a size, by name."""
    found = []
    for path in sorted((RESULTS / size).glob("*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        names = Figure.__dataclass_fields__.keys()
        figures = [Figure(**{name: one[name] for name in names}) for one in told.pop("figures")]
        found.append(Result(figures=figures, **told))
    return found


def as_table(results: Iterable[Result]) -> Table:
    """All figures, for the terminal."""
    table = Table("benchmark", *COLUMNS, box=None)
    for result in results:
        for figure in result.figures:
            style = "bold red" if figure.met is False else None
            table.add_row(result.name, *figure.cells(), style=style)
    return table


def as_markdown(size: str, results: Sequence[Result]) -> str:
    """The same as a page, a section for each benchmark."""
    goals = [one for result in results for one in result.figures if one.met is not None]
    met = sum(one.met is True for one in goals)
    lines = [f"# Results, size {size}", "", f"Made by `make bench SIZE={size}`: {met} of"]
    lines[-1] += f" {len(goals)} goals met. A ratio is the figure's to what stands beside it."
    for result in results:
        machine = result.machine
        where = f"{result.date}, {machine['cores']} cores, load {machine['load']} before"
        lines += ["", f"## {result.name}: `{result.command}`", "", where, ""]
        lines += [_row(COLUMNS), _row(["---"] * len(COLUMNS))]
        lines += [_row(figure.cells()) for figure in result.figures]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _short(number: float) -> str:
    """Three digits that matter, and no fewer than there are before the point."""
    if number and abs(number) < 100:
        return f"{number:.3g}"
    return f"{number:,.0f}"
