"""dbt as a process, which ends with whoever started it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tasks.settings import PROJECT

DBT = PROJECT / "dbt"
SECONDS_TO_STOP = 10.0
# Its input ends with whoever started it, however that ended, and dbt with its input. A run that was
# killed is begun again at once, and two builds of one organization must not write side by side.
PROGRAM = """
import os, signal, threading

def watch():
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGKILL)

threading.Thread(target=watch, daemon=True).start()
from dbt.cli.main import cli
cli()
"""


@contextmanager
def running(
    arguments: list[str], environment: Mapping[str, str], target_dir: Path
) -> Iterator["subprocess.Popen[str]"]:
    """dbt, in this process's group: Ctrl-C reaches it too. Its log is read, and kept nowhere."""
    command = [sys.executable, "-c", PROGRAM, "--log-format", "json", "--no-use-colors"]
    command += ["--log-level-file", "none", "--no-version-check"]
    ours, alive = os.pipe()
    with (
        os.fdopen(alive, "wb"),
        os.fdopen(ours, "rb") as its_input,
        subprocess.Popen(
            [*command, *arguments, "--project-dir", str(DBT), "--profiles-dir", str(DBT)],
            cwd=target_dir,
            env=environment,
            stdin=its_input,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process,
    ):
        yield process


def stop(process: "subprocess.Popen[str]") -> None:
    """Ends dbt: asked first, so that it cancels what the warehouse is doing for it."""
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
