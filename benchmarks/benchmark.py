"""What all benchmarks share: two sizes, options in the terminal, one form of results."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from benchmarks.figures import Figure, Result

SIZES = ("small", "full")


@dataclass(frozen=True)
class Benchmark:
    """`measure` takes the options of a size, each of which the terminal may replace.

    A tuple is an option of several values. Figures are printed as they come.
    """

    name: str
    measure: Callable[..., Iterable[Figure]]
    small: Mapping[str, Any]
    full: Mapping[str, Any]
    about: str | None = None

    def main(self, arguments: Sequence[str] | None = None) -> None:
        """Measures and prints; with `--write` keeps what was measured."""
        # being told to end is as Ctrl-C: what was started is taken down
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        given = sys.argv[1:] if arguments is None else list(arguments)
        told = vars(self._parser().parse_args(given))
        size, write = told.pop("size"), told.pop("write")
        asked = {name: value for name, value in told.items() if value is not None}
        options = getattr(self, size) | asked
        console = Console(highlight=False, soft_wrap=True)
        result = Result(self.name, self._command(given), [])
        for figure in self.measure(**options):
            result.figures.append(figure)
            console.print("  ".join(filter(None, (f"{self.name}:", *figure.cells()))))
        if write:
            result.keep(size)

    def _command(self, given: Sequence[str]) -> str:
        told = [one for one in given if one != "--write"]
        return " ".join(["python -m", f"benchmarks.{self.name}", *told])

    def _parser(self) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(
            f"python -m benchmarks.{self.name}",
            description=self.about,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        parser.add_argument("--size", choices=SIZES, default="small")
        parser.add_argument("--write", action="store_true", help="into benchmarks/results/<size>")
        for name, value in self.full.items():
            flag = f"--{name.replace('_', '-')}"
            said = f"{self.small[name]!r} if small, {value!r} if full"
            if isinstance(value, bool):
                parser.add_argument(
                    flag, action=argparse.BooleanOptionalAction, default=None, help=said
                )
            elif isinstance(value, tuple):
                parser.add_argument(flag, type=type(value[0]), nargs="+", help=said)
            else:
                parser.add_argument(flag, type=type(value), help=said)
        return parser
