"""The local Prefect server: started once, in the background, and found again.

Where PREFECT_API_URL is set, that server is used and none is started here.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import psutil
from filelock import FileLock

from tasks.errors import ConfigurationError
from warehouse.embedded import write_private

START_SECONDS = 180.0
# No telemetry, no results on disk, no library's log lines in Prefect's database: what a run
# handles is other people's data.
QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_TASKS_DEFAULT_NO_CACHE": "true",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    # the terminal shows progress and one line an error; Prefect's own lines go to its server
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_CLI_PROMPT": "false",
}


@dataclass(frozen=True)
class Server:
    """A running Prefect server. `repr` hides its password."""

    pid: int
    port: int
    password: str

    def __repr__(self) -> str:
        return f"Server(pid={self.pid}, port={self.port})"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def auth_string(self) -> str:
        return f"vensor:{self.password}"


def configure(home: Path) -> None:
    """Points this process's Prefect at its server. Before Prefect is imported."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    if "PREFECT_API_URL" in os.environ:
        return
    server = ensure_running(home)
    os.environ["PREFECT_HOME"] = str(home / "prefect")
    os.environ["PREFECT_API_URL"] = f"{server.url}/api"
    os.environ["PREFECT_API_AUTH_STRING"] = server.auth_string


def ensure_running(home: Path) -> Server:
    """The server of `home`, started if it doesn't run. The first start takes up to a minute."""
    server = begin(home)
    deadline = time.monotonic() + START_SECONDS
    while not _answers(server):
        if not psutil.pid_exists(server.pid) or time.monotonic() > deadline:
            raise ConfigurationError(
                f"the Prefect server did not start; its log is {home / 'prefect.log'}"
            )
        time.sleep(0.2)
    return server


def begin(home: Path) -> Server:
    """As `ensure_running`, without waiting until it answers."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(home / "prefect.lock", mode=0o600):
        return find(home) or _start(home)


def find(home: Path) -> Server | None:
    """The server of `home` whose process lives, or None."""
    path = home / "prefect.json"
    if not path.exists():
        return None
    server = Server(**json.loads(path.read_text()))
    return server if _process(server) is not None else None


def stop(home: Path) -> bool:
    """Stops the server of `home` with all its processes; False if none ran."""
    server = find(home)
    process = None if server is None else _process(server)
    if process is None:
        return False
    family = [process, *process.children(recursive=True)]
    process.send_signal(signal.SIGINT)
    _gone, alive = psutil.wait_procs(family, timeout=20)
    for left in alive:
        left.kill()
    return True


def _start(home: Path) -> Server:
    (home / "prefect").mkdir(exist_ok=True, mode=0o700)
    port, password = _free_port(), secrets.token_urlsafe(24)
    environment = _inherited() | {
        **QUIET,
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_SERVER_API_AUTH_STRING": f"vensor:{password}",
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
    }
    log = os.open(home / "prefect.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with open(log, "ab") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "prefect", "server", "start"),
                *("--host", "127.0.0.1", "--port", str(port)),
            ],
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    server = Server(process.pid, port, password)
    write_private(home / "prefect.json", json.dumps(asdict(server)))
    return server


def _inherited() -> dict[str, str]:
    """The environment without vensor's secrets and anyone's token, which the server outlives."""
    ours = ("PREFECT_", "VENSOR_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _process(server: Server) -> psutil.Process | None:
    """The server's process, unless its pid now belongs to another program."""
    try:
        process = psutil.Process(server.pid)
        ours = str(server.port) in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return None
    return process if ours else None


def _answers(server: Server) -> bool:
    try:
        with httpx.Client(auth=("vensor", server.password), trust_env=False) as client:
            return client.get(f"{server.url}/api/health", timeout=5).is_success
    except httpx.HTTPError:
        return False


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
