"""The sandbox in the background: a Zendesk, a Slack and an OpenAI on loopback."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tasks.errors import ConfigurationError
from tasks.settings import PROJECT

START_SECONDS = 60.0


@dataclass(frozen=True)
class Sandbox:
    """Where a running sandbox is reached, as it wrote itself in `sandbox.json`."""

    pid: int
    zendesk: dict[str, dict[str, Any]]
    slack: dict[str, Any]
    openai: dict[str, str]
    control_url: str
    control_token: str
    canaries: dict[str, list[dict[str, str]]]

    def __repr__(self) -> str:
        return f"Sandbox(pid={self.pid})"


def start(
    home: Path,
    accounts: dict[str, int],
    *,
    limits: dict[str, int] | None = None,
    world: dict[str, str] | None = None,
) -> Sandbox:
    """The sandbox of `home` with these accounts and sizes; found if it runs, else started.

    `limits` are requests a minute by bucket, `world` the days of tickets and the instant until
    which they lie, all in place of the sandbox's own.

    Raises: ConfigurationError with the path of its log when it does not start.
    """
    running = find(home)
    if running is not None:
        return running
    state, log = home / "sandbox", home / "sandbox.log"
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    command = [sys.executable, "-m", "sandbox", "--state", str(state)]
    for account, tickets in accounts.items():
        command += ["--account", f"{account}={tickets}"]
    for bucket, a_minute in (limits or {}).items():
        command += ["--limit", f"{bucket}={a_minute}"]
    for name, told in (world or {}).items():
        command += [f"--{name}", told]
    with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as output:
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        found = find(home)
        if found is not None:
            return found
        time.sleep(0.1)
    raise ConfigurationError(f"the sandbox did not start; its log is {log}")


def find(home: Path) -> Sandbox | None:
    """The running sandbox of `home`, or None."""
    path = home / "sandbox" / "sandbox.json"
    if not path.exists():
        return None
    said = json.loads(path.read_text())
    try:
        process = psutil.Process(said["pid"])
        alive = "sandbox" in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return None
    if not alive:
        return None
    return Sandbox(
        said["pid"],
        said["zendesk"],
        said["slack"],
        said["openai"],
        said["control_url"],
        said["control_token"],
        said["canaries"],
    )


def stop(home: Path) -> bool:
    """Stops the sandbox of `home`; False if none ran."""
    running = find(home)
    if running is None:
        return False
    process = psutil.Process(running.pid)
    process.send_signal(signal.SIGTERM)
    psutil.wait_procs([process], timeout=10)
    return True
