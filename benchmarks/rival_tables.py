"""Makes the tables of benchmarks/rivals.md anew, of what was kept.

A row for each scenario, a column for each figure, each with vensor's and the rival's; rows that are
lost or too many are summed over the streams.
"""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.benchmark import SIZES
from benchmarks.figures import Figure, Result, kept

PAGE = Path(__file__).parent / "rivals.md"
BEGINS = "<!-- what follows is made by python -m benchmarks.rival_tables -->\n"
COLUMNS = {
    "seconds": "seconds",
    "requests": "requests",
    "runs": "runs until one ended well",
    "rows lost": "lost",
    "rows too many": "too many",
    "former status": "tickets with a former status",
}


def tables(result: Result, size: str) -> Iterator[str]:
    """The lines of one rival's section."""
    rival = result.name.removeprefix("rivals_")
    machine = result.machine
    yield f"\n## {rival}, size {size}\n"
    where = f"{result.date}, {machine['cores']} cores, load {machine['load']} before"
    yield f"`{result.command}`, {where}; vensor's figure, then {rival}'s.\n"
    yield f"| scenario | {' | '.join(COLUMNS)} |"
    yield f"|{'---|' * (len(COLUMNS) + 1)}"
    found: dict[str, list[Figure]] = {}
    for figure in result.figures:
        found.setdefault(figure.what.partition(": ")[0], []).append(figure)
    for scenario, figures in found.items():
        if len(figures) > 1:
            yield f"| {scenario} | {' | '.join(_cell(figures, end) for end in COLUMNS.values())} |"
    exposed = result.figures[-1]
    yield f"\nPersonal data, {exposed.what}: {exposed.value:.0f}, {exposed.beside:.0f}."


def _cell(figures: list[Figure], end: str) -> str:
    """Both sides' sum of the figures that are called so."""
    called = [one for one in figures if one.what.endswith(end)]
    return f"{sum(one.value for one in called):,.0f}, {sum(one.beside or 0 for one in called):,.0f}"


def main() -> None:
    """Writes the page, below its own words."""
    words = PAGE.read_text(encoding="utf-8").partition(BEGINS)[0]
    lines = [
        line
        for size in SIZES
        for result in kept(size)
        if result.name.startswith("rivals_")
        for line in tables(result, size)
    ]
    PAGE.write_text(words + BEGINS + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
