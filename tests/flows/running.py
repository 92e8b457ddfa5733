"""What `vensor up` started, asked over its own API as a browser does: with the sign-in and a token
against forged requests."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from cli import orchestrator, workers
from tests.flows.conftest import Terminal

T = TypeVar("T")
RECONCILE = """
import sys
from pathlib import Path
from pydantic import SecretStr
from tasks.deployments import reconcile
file, webhook = sys.argv[1:]
print(reconcile(file=Path(file), webhook=SecretStr(webhook) if webhook else None))
"""
WORKERS = """
import sys
from pathlib import Path
from cli import workers
workers.start(Path(sys.argv[1]), count=1, at_once=2)
"""


@contextmanager
def signed_in(server: orchestrator.Server) -> Iterator[httpx.Client]:
    """A client of a server's API that may change what is there."""
    url, auth = f"{server.url}/api", ("vensor", server.password)
    with httpx.Client(base_url=url, auth=auth, timeout=60) as client:
        token = client.get("/csrf-token", params={"client": "tests"}).json()["token"]
        client.headers.update({"Prefect-Csrf-Token": token, "Prefect-Csrf-Client": "tests"})
        yield client


@dataclass
class Up:
    """A home with a running server and a worker."""

    terminal: Terminal
    home: Path

    def api(self, verb: str, path: str, told: object = None) -> Any:
        """What the API answers."""
        with signed_in(self.server) as client:
            answer = client.request(verb, path, json=told)
        assert answer.is_success, (path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    @property
    def server(self) -> orchestrator.Server:
        found = orchestrator.find(self.home)
        assert found is not None, (self.home / "prefect.log").read_text()[-2_000:]
        return found

    def deployment(self, name: str) -> dict[str, Any]:
        (found,) = [
            one for one in self.api("POST", "/deployments/filter", {}) if one["name"] == name
        ]
        return found

    def run(self, name: str, parameters: Mapping[str, object]) -> str:
        """The id of a run of this deployment, which is to begin now."""
        deployment_id = self.deployment(name)["id"]
        told = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
        return self.api("POST", f"/deployments/{deployment_id}/create_flow_run", told)["id"]

    def runs(self, **filters: object) -> list[dict[str, Any]]:
        """Runs by their begin, those that have not begun last."""
        told = {"flow_runs": filters, "sort": "START_TIME_ASC", "limit": 200}
        return self.api("POST", "/flow_runs/filter", told)

    def state(self, run_id: str) -> str:
        return self.api("GET", f"/flow_runs/{run_id}")["state_name"]

    def reconcile(self, file: Path, webhook: str = "") -> str:
        return self._ours(RECONCILE, str(file), webhook)

    def start_worker(self) -> None:
        self._ours(WORKERS, str(self.home))

    def kill_workers(self) -> int:
        """SIGKILL to the workers and all that they run; how many processes that were."""
        killed = 0
        for one in workers.find(self.home):
            process = psutil.Process(one.pid)
            for each in (*process.children(recursive=True), process):
                each.kill()
                killed += 1
        return killed

    def environment(self) -> dict[str, str]:
        """As `configure` has it, for a process of its own."""
        return self.terminal.environment | {
            **orchestrator.QUIET,
            "PREFECT_HOME": str(self.home / "prefect"),
            "PREFECT_API_URL": f"{self.server.url}/api",
            "PREFECT_API_AUTH_STRING": self.server.auth_string,
        }

    def _ours(self, script: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def awaited(look: Callable[[], T | None], *, seconds: float, what: str) -> T:
    """What `look` finds, once it finds something."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"after {seconds:.0f} s: {what}"
        time.sleep(0.5)


def arguments_of_all() -> list[str]:
    """The command lines and job variables that anybody on this machine can read."""
    return [" ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"])]


def mode(path: Path) -> int:
    return os.stat(path).st_mode & 0o777
