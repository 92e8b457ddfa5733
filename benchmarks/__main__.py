"""All benchmarks, one after the other: `python -m benchmarks --size small`.

Each runs in a process of its own and keeps its results. At the end stand all figures, in the
terminal and in results/<size>/README.md, and the picture of growth. A goal that is missed is said;
a benchmark that fails to run makes the exit code 1. Ctrl-C lets the one under way take down what it
started, and ends what it could not.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from rich.console import Console

from benchmarks.benchmark import SIZES
from benchmarks.figures import RESULTS, as_markdown, as_table, kept
from benchmarks.picture import draw

ALL = (
    "growth",
    "extraction",
    "pacing",
    "sealing",
    "isolation",
    "auditing",
    "gates",
    "metrics",
    "retention",
    "erasure",
    "search",
    "ai",
    "orchestration",
    "scale",
)
GRACE_SECONDS = 60


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs those that are named, or all. Returns the exit code."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ALL)}")
    parser.add_argument("--size", choices=SIZES, default="small")
    told = parser.parse_args(arguments)
    if unknown := sorted(set(told.names) - set(ALL)):
        parser.error(f"no benchmark {unknown[0]!r}; there are: {', '.join(ALL)}")
    console, failed = Console(highlight=False), []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    for name in told.names or ALL:
        began = time.monotonic()
        if _run(name, told.size) != 0:
            failed.append(name)
        console.print(f"{name}: {time.monotonic() - began:.0f} s", style="dim")
    results = kept(told.size)
    console.print(as_table(results))
    page = RESULTS / told.size / "README.md"
    page.write_text(as_markdown(told.size, results), encoding="utf-8")
    for one in results:
        if one.name == "growth":
            draw(told.size, one.figures)
    missed = sum(one.met is False for result in results for one in result.figures)
    console.print(f"{missed} goals missed; the same as a page: {page.relative_to(Path.cwd())}")
    if failed:
        console.print(f"failed to run: {', '.join(failed)}", style="bold red")
    return 1 if failed else 0


def _run(name: str, size: str) -> int:
    """The exit code of one benchmark. All that it started is gone after it."""
    command = [sys.executable, "-m", f"benchmarks.{name}", "--size", size, "--write"]
    with _folder() as folder:
        environment = os.environ | {"TMPDIR": str(folder)}
        # in a session of its own: Ctrl-C comes to it from here, and once
        with subprocess.Popen(command, env=environment, start_new_session=True) as process:
            try:
                return process.wait()
            except KeyboardInterrupt:
                process.terminate()
                _await(process)
                raise


@contextmanager
def _folder() -> Iterator[Path]:
    """Where a benchmark puts everything; what still runs in it at the end is ended."""
    with TemporaryDirectory(prefix="vensor-", ignore_cleanup_errors=True) as told:
        folder = Path(told)
        folder.chmod(0o711)  # Postgres may run as another user, who has to come in
        try:
            yield folder
        finally:
            for process in (left := list(left_in(folder))):
                process.kill()
            psutil.wait_procs(left, timeout=20)


def _await(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def left_in(folder: Path) -> Iterator[psutil.Process]:
    """The processes that lie, or were told that they lie, in the folder."""
    for process in psutil.process_iter():
        try:
            told = [process.cwd(), *process.cmdline(), process.environ().get("TMPDIR", "")]
        except psutil.Error:
            continue  # ended meanwhile, or somebody else's
        if any(str(folder) in one for one in told):
            yield process


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
