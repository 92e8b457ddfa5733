"""A deployment of the backfill on the tests' Prefect server, and a worker that runs it."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from cli import orchestrator
from tasks.settings import PROJECT
from tests.flows.conftest import Terminal
from tests.flows.running import signed_in

ENTRYPOINT = "flows/backfill.py:backfill"
DEPLOYED = """
name: vensor
pull:
  - prefect.deployments.steps.set_working_directory:
      directory: {project}
deployments:
  - name: backfill
    entrypoint: {entrypoint}
    enforce_parameter_schema: true
    work_pool: {{name: {pool}}}
"""


@dataclass(frozen=True)
class Server:
    """The Prefect server of the tests, and what a process needs to work with it."""

    found: orchestrator.Server
    environment: dict[str, str]

    @property
    def url(self) -> str:
        return self.found.url

    @property
    def auth(self) -> str:
        return self.found.auth_string

    def api(self, verb: str, path: str, told: object = None) -> Any:
        """What the API answers."""
        with signed_in(self.found) as client:
            answer = client.request(verb, path, json=told)
        assert answer.is_success, (path, answer.status_code, answer.text)
        return answer.json()

    def deployment_id(self) -> str:
        return str(self.api("GET", "/deployments/name/backfill/backfill")["id"])

    def begin(self, parameters: Mapping[str, object]) -> str:
        """The id of a run that a worker is to begin now."""
        told = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
        path = f"/deployments/{self.deployment_id()}/create_flow_run"
        return str(self.api("POST", path, told)["id"])

    def prefect(self, *arguments: str) -> str:
        return self._done(sys.executable, "-m", "prefect", *arguments)

    def python(self, code: str) -> str:
        return self._done(sys.executable, "-c", code)

    def _done(self, *command: str) -> str:
        done = subprocess.run(
            command,
            env=self.environment,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def deployed(terminal: Terminal, home: Path, folder: Path) -> Iterator[Server]:
    """The server of `home`, with the deployment and a worker, which ends at the end."""
    found = orchestrator.ensure_running(home)
    environment = terminal.environment | orchestrator.QUIET
    environment |= {
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_API_URL": f"{found.url}/api",
        "PREFECT_API_AUTH_STRING": found.auth_string,
        "PYTHONPATH": str(PROJECT),
    }
    made = Server(found, environment)
    pool = f"pool-{uuid4().hex[:6]}"
    made.prefect("work-pool", "create", pool, "--type", "process")
    told = DEPLOYED.format(project=PROJECT, entrypoint=ENTRYPOINT, pool=pool)
    (folder / "prefect.yaml").write_text(told)
    deploy = ("--no-prompt", "deploy", "--all", "--prefect-file", str(folder / "prefect.yaml"))
    made.prefect(*deploy)
    with _worker(made, pool):
        yield made


@contextmanager
def _worker(server: Server, pool: str) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool, "--type", "process"],
        env=server.environment | {"PREFECT_WORKER_QUERY_SECONDS": "2"},
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)
