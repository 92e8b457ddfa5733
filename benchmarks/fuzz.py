"""Bad input, at length: what becomes of each case, by what it was given to.

Runs `tests/fuzz` with as many times its usual examples, in another order each time, and counts.
Nothing may become anything but what has a name: then the exit status is 1, and the case is shown.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results" / "fuzz.json"
EXAMPLES = 20
OUTCOMES = ("loaded", "quarantined", "one clear error", "anything else")
PYTEST = ("-m", "pytest", "tests/fuzz", "-n", "2", "--dist", "loadfile")
Line = dict[str, str | int]


def measured(examples: int) -> tuple[list[Line], int]:
    """A line for each target, and pytest's exit status. `examples` multiplies the usual ones."""
    with tempfile.TemporaryDirectory(prefix="vensor-fuzz-") as counts:
        told = {"VENSOR_FUZZ_EXAMPLES": str(examples), "VENSOR_FUZZ_COUNTS": counts}
        done = subprocess.run([sys.executable, *PYTEST], env=os.environ | told, check=False)
        found = [json.loads(one.read_text()) for one in sorted(Path(counts).iterdir())]
    return [_line(one, examples) for one in found], done.returncode


def _line(found: dict[str, int | str], examples: int) -> Line:
    counts = {name: int(found.get(name, 0)) for name in OUTCOMES}
    cases = sum(counts.values())
    return {"target": found["target"], "examples": examples, "cases": cases, **counts}


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the counts; with --write also keeps them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=EXAMPLES, help="times the usual ones")
    parser.add_argument("--write", action="store_true", help="into benchmarks/results")
    told = parser.parse_args(arguments)
    begun = time.monotonic()
    lines, status = measured(told.examples)
    seconds = round(time.monotonic() - begun)
    table = Table("target", "examples", "cases", *OUTCOMES, box=None, pad_edge=False)
    for line in lines:
        table.add_row(*(str(one) for one in line.values()))
    Console().print(table)
    if told.write:
        whole = {"seconds": seconds, "targets": lines}
        RESULTS.write_text(json.dumps(whole, indent=1) + "\n")
    sys.exit(status)


if __name__ == "__main__":
    main()
