"""A clock that is moved: for this process, for all that it starts, and for Postgres.

libfaketime stands in each process between the program and the system's clock, and adds what a file
says. Only the time of day moves: what measures durations is left alone, and so are files' times.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import psutil

from warehouse import embedded

FILE, LIBRARY = "FAKETIME_TIMESTAMP_FILE", "vendor/libfaketime/src/libfaketime.so.1"
HOW = {
    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    "FAKETIME_NO_CACHE": "1",  # all processes move at once
    "NO_FAKE_STAT": "1",
}
START_SECONDS = 60.0
ABOUT = timedelta(seconds=5)


class MovingClock:
    """The clock of a process that was begun by `begun_again`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ahead = timedelta()

    def environment(self) -> dict[str, str]:
        """What puts a process that is started with it under this clock."""
        return {"LD_PRELOAD": os.environ["LD_PRELOAD"], FILE: str(self._file), **HOW}

    def move(self, to: datetime) -> None:
        """It is that instant now, and time passes. Raises: RuntimeError where it did not move."""
        self._ahead += to - datetime.now(UTC)
        _write(self._file, self._ahead)
        if not abs(datetime.now(UTC) - to) < ABOUT:
            raise RuntimeError(f"the clock does not move: it is {datetime.now(UTC)}")

    def hold(self, home: Path) -> None:
        """Starts the embedded Postgres of `home` once more, under this clock.

        Raises: RuntimeError where it does not answer.
        """
        pid = int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        server = psutil.Process(pid)
        command, folder = server.cmdline(), server.cwd()
        user, group = server.uids().real, server.gids().real
        same = user == os.geteuid()
        account = embedded.Account(*((None, None) if same else (user, group)))
        embedded.stop(home)
        told = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", **self.environment()}
        with open(home / "postgres.log", "ab") as log:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=told,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **account.popen_arguments(),  # type: ignore[call-overload]
            )
        deadline = time.monotonic() + START_SECONDS
        while embedded.find(home) is None:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Postgres did not start; its log is {home / 'postgres.log'}")
            time.sleep(0.1)

    def forget(self) -> None:
        """Takes away what the clock was made of."""
        shutil.rmtree(self._file.parent, ignore_errors=True)


def begun_again() -> MovingClock:
    """The clock of this process; one that stands under none is begun again under one.

    Raises: RuntimeError where libfaketime is missing.
    """
    if FILE in os.environ:
        return MovingClock(Path(os.environ[FILE]))
    found = find_spec("libfaketime")
    if found is None or found.origin is None:
        raise RuntimeError("libfaketime is missing: run `make setup-dev`")
    folder = Path(tempfile.mkdtemp(prefix="vensor-clock-"))
    folder.chmod(0o755)  # Postgres may run as another user
    library = shutil.copy(Path(found.origin).parent / LIBRARY, folder)
    file = folder / "ahead"
    _write(file, timedelta())
    told: Mapping[str, str] = {"LD_PRELOAD": str(library), FILE: str(file), **HOW}
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **told})  # noqa: S606


def _write(file: Path, ahead: timedelta) -> None:
    partial = file.with_suffix(".new")
    partial.write_text(f"{ahead.total_seconds():+.3f}\n")
    partial.chmod(0o644)
    partial.replace(file)
