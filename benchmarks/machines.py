"""Several machines on one: a Prefect server on Postgres, and workers that share no disk.

A machine is a worker in processes of its own, with a working directory, a home and a temporary
folder that no other has. What it shares with the others is the code, as machines of one image do,
and the warehouse, which it knows by URL.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import httpx
import psutil
import psycopg
import yaml
from psycopg import sql
from sqlalchemy import URL

from cli.orchestrator import QUIET
from tasks.settings import PROJECT
from warehouse import embedded
from warehouse.sessions import Logins

START_SECONDS = 180.0
DEPLOYMENT = "organization"
POLL_SECONDS = 2


@dataclass(frozen=True)
class Machine:
    """A worker, and the folder that is all of its disk."""

    name: str
    folder: Path
    process: psutil.Process

    @property
    def actor(self) -> str:
        """Who acts here, as the audit trail has it."""
        return f"service:{self.name}"

    def family(self) -> list[psutil.Process]:
        """The worker, its runs' processes, and what those started."""
        return [self.process, *self.process.children(recursive=True)]

    def kill(self) -> None:
        """SIGKILL for all that runs here, as when the power fails."""
        family = self.family()
        for process in family:
            process.kill()
        psutil.wait_procs(family, timeout=20)

    def stop(self) -> None:
        """Ends the worker, which ends its runs; kills what is left after 20 seconds."""
        if self.process.is_running():
            family = self.family()
            self.process.send_signal(signal.SIGINT)
            for left in psutil.wait_procs(family, timeout=20)[1]:
                left.kill()


@dataclass(frozen=True)
class Cluster:
    """A Prefect server with the deployment of `organization`, to which machines are added."""

    folder: Path
    client: Mapping[str, str]
    machines: list[Machine]

    def add(self, name: str, environment: Mapping[str, str], *, limit: int = 1) -> Machine:
        """A machine that takes up to `limit` runs at once; `environment` leads to the warehouse."""
        folder = self.folder / name
        own = {"HOME": "user", "TMPDIR": "tmp", "VENSOR_HOME": "vensor", "PREFECT_HOME": "prefect"}
        for path in own.values():
            (folder / path).mkdir(parents=True)
        told = {name: str(folder / path) for name, path in own.items()}
        told |= {"VENSOR_ACTOR": f"service:{name}", "PREFECT_WORKER_QUERY_SECONDS": "2"}
        command = ("worker", "start", "--type", "process", "--pool", work_pool(), "--name", name)
        process = _prefect(
            (*command, "--limit", str(limit)),
            {**self.client, **environment, **told},
            log=folder / "worker.log",
            cwd=folder,
        )
        machine = Machine(name, folder, psutil.Process(process.pid))
        self.machines.append(machine)
        return machine


def warehouse_environment(logins: Logins, kek: str) -> dict[str, str]:
    """What a worker is told of the warehouse: neither the migrator's login nor any folder."""
    urls = {"VENSOR_LOADER_URL": logins.loader, "VENSOR_TRANSFORMER_URL": logins.transformer}
    told = {name: url.render_as_string(hide_password=False) for name, url in urls.items()}
    return {**told, "VENSOR_KEK": kek}


@contextmanager
def cluster(folder: Path, database: URL) -> Iterator[Cluster]:
    """A Prefect server whose database is this Postgres, without machines; all ends with it."""
    folder.mkdir(parents=True, exist_ok=True)
    port, password = _free_port(), secrets.token_urlsafe(24)
    client = {
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_API_AUTH_STRING": f"vensor:{password}",
        "PREFECT_HOME": str(folder / "client"),
        "PYTHONPATH": str(PROJECT),  # this checkout, wherever the environment's install leads
        "REPO_DIR": str(PROJECT),
    }
    environment = {
        "PREFECT_HOME": str(folder / "server"),
        "PREFECT_SERVER_API_AUTH_STRING": client["PREFECT_API_AUTH_STRING"],
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": database.render_as_string(hide_password=False),
    }
    told = ("server", "start", "--host", "127.0.0.1", "--port", str(port))
    process = _prefect(told, environment, log=folder / "server.log", cwd=folder)
    found = Cluster(folder, client, [])
    server = Machine("server", folder, psutil.Process(process.pid))
    try:
        _await(f"http://127.0.0.1:{port}/api/health", ("vensor", password), process, server)
        _done(("work-pool", "create", work_pool(), "--type", "process"), client)
        _done(("--no-prompt", "deploy", "--name", DEPLOYMENT), client)
        yield found
    finally:
        for machine in (*found.machines, server):
            machine.stop()


def prefect_database(home: Path, name: str) -> URL:
    """A new database for Prefect in the embedded server of `home`, with an owner of its own."""
    server, password = embedded.start(home), secrets.token_urlsafe(24)
    with psycopg.connect(
        host="127.0.0.1",
        port=server.port,
        user=embedded.SUPERUSER,
        password=server.password,
        dbname="postgres",
        autocommit=True,
    ) as connection:
        role = sql.Identifier(name)
        connection.execute(
            sql.SQL("create role {} login password {}").format(role, sql.Literal(password))
        )
        connection.execute(sql.SQL("create database {} owner {}").format(role, role))
    return URL.create(
        "postgresql+asyncpg", name, password, host="127.0.0.1", port=server.port, database=name
    )


@contextmanager
def talking(told: Cluster) -> Iterator[None]:
    """This process's Prefect, talking to that server."""
    from prefect.settings import (
        PREFECT_API_AUTH_STRING,
        PREFECT_API_URL,
        PREFECT_HOME,
        temporary_settings,
    )

    named = (PREFECT_API_URL, PREFECT_API_AUTH_STRING, PREFECT_HOME)
    with temporary_settings({one: told.client[one.name] for one in named}):
        yield


def begin_runs(slugs: Sequence[str], as_of: datetime, stages: Sequence[str]) -> dict[str, str]:
    """Asks for a run of each organization; the ids of the runs by slug. While `talking`."""
    from prefect.client.schemas.objects import FlowRun
    from prefect.deployments import run_deployment

    told = {"as_of": as_of.isoformat(), "stages": list(stages)}
    begun: dict[str, str] = {}
    for slug in slugs:
        run = run_deployment(
            f"organization/{DEPLOYMENT}",
            parameters={"slug": slug, **told},
            timeout=0,
            as_subflow=False,
        )
        if not isinstance(run, FlowRun):
            raise TypeError("called where an event loop runs")
        begun[slug] = str(run.id)
    return begun


def states(runs: Mapping[str, str]) -> dict[str, str]:
    """The types of the runs' states by slug, such as RUNNING. While `talking`."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                id=FlowRunFilterId(any_=[UUID(one) for one in runs.values()])
            )
        )
    by_id = {str(run.id): run.state_type.value for run in found if run.state_type is not None}
    return {slug: by_id[run_id] for slug, run_id in runs.items()}


def work_pool() -> str:
    """The pool of the deployment, from prefect.yaml."""
    told = yaml.safe_load((PROJECT / "prefect.yaml").read_text())
    deployment = next(one for one in told["deployments"] if one["name"] == DEPLOYMENT)
    return str(deployment["work_pool"]["name"])


def _done(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "prefect", *arguments],
        cwd=PROJECT,
        env={**_inherited(), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"prefect {' '.join(arguments)}: {done.stdout}{done.stderr}")


def _prefect(
    arguments: Sequence[str], environment: Mapping[str, str], *, log: Path, cwd: Path
) -> "subprocess.Popen[bytes]":
    with open(log, "ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "prefect", *arguments],
            cwd=cwd,
            env={**_inherited(), **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def _inherited() -> dict[str, str]:
    """The environment without what leads to a warehouse or a server of whoever runs this."""
    ours = ("PREFECT_", "VENSOR_")
    return {name: told for name, told in os.environ.items() if not name.startswith(ours)} | QUIET


def _await(
    url: str, auth: tuple[str, str], process: "subprocess.Popen[bytes]", server: Machine
) -> None:
    deadline = time.monotonic() + START_SECONDS
    with httpx.Client(auth=auth, trust_env=False, timeout=5) as client:
        while True:
            try:
                if client.get(url).is_success:
                    return
            except httpx.HTTPError:
                pass  # not yet
            if process.poll() is not None or time.monotonic() > deadline:
                log = server.folder / "server.log"
                raise RuntimeError(f"the Prefect server did not start; its log is {log}")
            time.sleep(0.2)


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
