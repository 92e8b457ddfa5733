"""`make bench` says what fails, and leaves nothing behind where it is stopped."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from benchmarks.__main__ import left_in
from tasks.settings import PROJECT

COMMAND = [sys.executable, "-m", "benchmarks"]
WAIT_SECONDS = 120.0


def test_a_name_that_is_none_is_refused() -> None:
    said = subprocess.run([*COMMAND, "speed"], cwd=PROJECT, capture_output=True, text=True)
    assert said.returncode == 2
    assert "no benchmark 'speed'" in said.stderr


def test_stopped_it_takes_down_what_it_started(tmp_path: Path) -> None:
    """Ctrl-C while a warehouse is being made: no Postgres is left, and no folder."""
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen([*COMMAND, "erasure"], cwd=PROJECT, env=environment) as process:
        deadline = time.monotonic() + WAIT_SECONDS
        while not _postgres_in(tmp_path):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT_SECONDS) == 130
    assert list(left_in(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_benchmark_leaves_is_ended(tmp_path: Path) -> None:
    """Found by the folder that it lies in, or was told of."""
    with subprocess.Popen(["sleep", "60"], cwd=tmp_path) as process:
        assert [one.pid for one in left_in(tmp_path)] == [process.pid]
        process.kill()


def _postgres_in(folder: Path) -> list[psutil.Process]:
    return [one for one in left_in(folder) if one.name() == "postgres"]
