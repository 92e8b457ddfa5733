"""A clock that is moved: for this process, for all that it starts, and for Postgres.

moved.c, compiled when it is needed and loaded before all else, stands between each process and the
system's clock.
"""

import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from warehouse import embedded

SOURCE = Path(__file__).with_name("moved.c")
FILE = "MOVED_CLOCK"
START_SECONDS = 60.0
ABOUT = timedelta(seconds=5)


class MovingClock:
    """The clock of a process that was begun by `begun_again`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ahead_seconds = 0

    def environment(self) -> dict[str, str]:
        """What puts a process that is started with it under this clock."""
        return {"LD_PRELOAD": os.environ["LD_PRELOAD"], FILE: str(self._file)}

    def move(self, to: datetime) -> None:
        """It is that instant now, and time passes. Raises: RuntimeError where it did not move."""
        self._ahead_seconds += round((to - datetime.now(UTC)).total_seconds())
        with self._file.open("r+b") as file:
            file.write(struct.pack("=q", self._ahead_seconds))
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
        with open(home / "postgres.log", "ab") as log:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", **self.environment()},
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

    Raises: FileNotFoundError without a C compiler, CalledProcessError where it fails.
    """
    if FILE in os.environ:
        return MovingClock(Path(os.environ[FILE]))
    folder = Path(tempfile.mkdtemp(prefix="vensor-clock-"))
    folder.chmod(0o755)  # Postgres may run as another user
    library, file = folder / "moved.so", folder / "ahead"
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, SOURCE, "-ldl"], check=True)  # noqa: S607
    file.write_bytes(struct.pack("=q", 0))
    for one in (library, file):
        one.chmod(0o755)
    environment = os.environ | {"LD_PRELOAD": str(library), FILE: str(file)}
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606
