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
    # what tells a run whose process died from one that is busy: see tasks/automations.py
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
}
# What the server itself is told. Its leases lie on disk, so that a limit's places are known after
# a restart. Runs go from its database, with their logs and artifacts, when people's data goes.
SERVER = {
    "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
        "prefect.server.concurrency.lease_storage.filesystem"
    ),
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(30 * 24 * 3600),
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P7D",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
}
SIGN_IN = "prefect.sign-in"
# Whose secrets the server has no use for, and would outlive.
SECRETS = ("PREFECT_", "VENSOR_", "OPENAI_", "SENTRY_", "SLACK_")


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


def is_operators() -> bool:
    """Whether the server is one of the operator's, that is neither started nor stopped here."""
    return "PREFECT_API_URL" in os.environ


def configure(home: Path) -> None:
    """Points this process's Prefect at its server. Before Prefect is imported."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    if is_operators():
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
        if _process(server) is None or time.monotonic() > deadline:
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
    server = _kept(home)
    return server if server is not None and _process(server) is not None else None


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
    """Port and password stay those of the last time: workers and bookmarks go on with them."""
    (home / "prefect").mkdir(exist_ok=True, mode=0o700)
    kept = _kept(home)
    port = _free_port(kept.port if kept else 0)
    password = kept.password if kept else secrets.token_urlsafe(24)
    environment = _inherited() | {
        **QUIET,
        **SERVER,
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_SERVER_API_AUTH_STRING": f"vensor:{password}",
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
    }
    process = in_background(
        ["-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
        folder=home,
        environment=environment,
        log=home / "prefect.log",
    )
    server = Server(process.pid, port, password)
    try:
        write_private(home / SIGN_IN, f"{server.auth_string}\n")
        write_private(home / "prefect.json", json.dumps(asdict(server)))
    except BaseException:
        process.kill()  # nobody would find it again
        raise
    return server


def in_background(
    arguments: list[str], *, folder: Path, environment: dict[str, str], log: Path
) -> "subprocess.Popen[bytes]":
    """A Python of ours that outlives this process, and whose output only its owner can read."""
    with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as output:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def _kept(home: Path) -> Server | None:
    path = home / "prefect.json"
    return Server(**json.loads(path.read_text())) if path.exists() else None


def _inherited() -> dict[str, str]:
    """The environment without vensor's secrets and anyone's token, which the server outlives."""
    return {name: value for name, value in os.environ.items() if not name.startswith(SECRETS)}


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


def _free_port(wanted: int) -> int:
    """`wanted` if nobody has it, else another."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return _free_port(0)
        return int(probe.getsockname()[1])
