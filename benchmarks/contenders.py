"""Who loads the sandbox's account into a Postgres: vensor, and connectors from their packages."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import httpx
import psycopg
from sqlalchemy import URL

from benchmarks.desk_by_name import serving
from benchmarks.stage import ACCOUNT, RETENTION_DAYS, Stage
from cli import orchestrator
from tasks.settings import PROJECT
from warehouse import embedded

OTHERS = PROJECT / "benchmarks" / "others"
TERMINAL = (sys.executable, "-c", "from cli.main import main; main()")
OURS = {
    "tickets": "select id, status from zendesk.tickets",
    "ticket events": "select id, null from zendesk.audits",
    "comments": "select id, null from zendesk.comments",
    "users": "select id, null from zendesk.users",
    "metric events": "select id, null from zendesk.metric_events",
}
DLT = {
    "tickets": "select id, status from {name}.tickets",
    "ticket events": "select id, null from {name}.ticket_events",
    "comments": "select id, null from {name}.ticket_events__child_events"
    " where event_type in ('Comment', 'VoiceComment')",
    "users": "select id, null from {name}.users",
    "metric events": "select id, null from {name}.ticket_metric_events",
}
# The connector makes comments of the audits that it asks for ticket by ticket.
SINGER = {
    "tickets": "select id::bigint, status from {name}.tickets",
    "ticket events": "select id::bigint, null from {name}.ticket_audits",
    "comments": "select id::bigint, null from {name}.ticket_comments",
    "metric events": "select id::bigint, null from {name}.ticket_metric_events",
}
EXPORTED = "per_page=1000"  # of vensor's and dlt's requests for data
Rows = Sequence[tuple[int, str | None]]


class Contender(Protocol):
    """Loads the account into tables of a name; a second run of the same name goes on."""

    @property
    def folder(self) -> Path:
        """Where all of it lies, the Postgres that it loads into as well."""
        ...

    @property
    def pages(self) -> str:
        """What is in the addresses of its requests for data, and in no others."""
        ...

    @property
    def exports(self) -> Sequence[str]:
        """What is in the addresses of those whose answers name the next position."""
        ...

    def begin(self, name: str) -> None:
        """Makes ready for a first run, outside of any clock."""
        ...

    def run(self, name: str) -> bool:
        """Whether a run ended well."""
        ...

    def rows(self, name: str) -> Mapping[str, Rows]:
        """(id, status) of every row there is, by stream; a status of tickets only."""
        ...


@dataclass(frozen=True)
class Vensor:
    """The product's own command, with the server that it keeps running."""

    stage: Stage
    pages: str = EXPORTED
    exports: Sequence[str] = ("/incremental/tickets", "/incremental/ticket_events")

    @property
    def folder(self) -> Path:
        return self.stage.home

    def begin(self, name: str) -> None:
        with self.stage.tenant(name):
            pass

    def run(self, name: str) -> bool:
        command = [*TERMINAL, "run", "--org", name, "--stages", "extract"]
        return _ended_well(command, os.environ, self.stage.home / "run.log")

    def rows(self, name: str) -> Mapping[str, Rows]:
        where = " where org_id = (select org_id from app.organizations where slug = %s)"
        url = self.stage.warehouse.superuser
        with _connected(url) as connection:
            return {
                stream: connection.execute(asked + where, [name]).fetchall()
                for stream, asked in OURS.items()
            }


@dataclass(frozen=True)
class Dlt:
    """dlt's `rest_api` source (others/dlt_zendesk.py), in an environment of its own."""

    stage: Stage
    folder: Path
    environments: Path
    pages: str = EXPORTED
    exports: Sequence[str] = ("/incremental/tickets", "/incremental/ticket_events")

    def begin(self, name: str) -> None:
        embedded.start(self.folder)

    def run(self, name: str) -> bool:
        since = self.stage.as_of - timedelta(days=RETENTION_DAYS)
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder),
            "TMPDIR": os.environ.get("TMPDIR", "/tmp"),  # noqa: S108
            "DLT_DATA_DIR": str(self.folder / "dlt"),
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "SOURCE_URL": self.stage.sandbox.zendesk[ACCOUNT]["base_url"],
            "SOURCE_TOKEN": access_token(self.stage),
            "DESTINATION": _url(_database(self.folder)),
            "DATASET": name,
            "SINCE": str(int(since.timestamp())),
        }
        command = [str(self.environments / "dlt/bin/python"), str(OTHERS / "dlt_zendesk.py")]
        return _ended_well(command, environment, self.folder / "run.log")

    def rows(self, name: str) -> Mapping[str, Rows]:
        return _rows(self.folder, DLT, name)


@dataclass(frozen=True)
class Singer:
    """tap-zendesk into pipelinewise-target-postgres, each in an environment of its own.

    The connector knows no desk but https://<subdomain>.zendesk.com: `leads` is an environment in
    which that is the sandbox (desk_by_name.py).
    """

    stage: Stage
    folder: Path
    environments: Path
    leads: Mapping[str, str]
    pages: str = "/api/v2/"
    exports: Sequence[str] = ("/incremental/tickets",)

    def begin(self, name: str) -> None:
        server = embedded.start(self.folder)
        since = self.stage.as_of - timedelta(days=RETENTION_DAYS)
        place = {"host": "127.0.0.1", "port": server.port, "dbname": "postgres"}
        login = {"user": embedded.SUPERUSER, "password": server.password}
        source = {"subdomain": ACCOUNT, "access_token": access_token(self.stage)}
        self._write("tap", source | {"start_date": f"{since:%Y-%m-%dT%H:%M:%SZ}"})
        self._write("target", place | login | {"default_target_schema": name})
        self._write("state", {})

    def run(self, name: str) -> bool:
        command = ["/bin/bash", str(OTHERS / "singer.sh"), str(self.environments), str(self.folder)]
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), **self.leads}
        return _ended_well(command, environment, self.folder / "run.log")

    def rows(self, name: str) -> Mapping[str, Rows]:
        return _rows(self.folder, SINGER, name)

    def _write(self, name: str, told: Mapping[str, object]) -> None:
        (self.folder / f"{name}.json").write_text(json.dumps(told))


@contextmanager
def vensor(stage: Stage) -> Iterator[Vensor]:
    """Its Prefect server runs for the while, as it does where it is used."""
    orchestrator.ensure_running(stage.home)
    try:
        yield Vensor(stage)
    finally:
        orchestrator.stop(stage.home)


@contextmanager
def dlt(stage: Stage, environments: Path) -> Iterator[Dlt]:
    with _folder() as folder:
        yield Dlt(stage, folder, environments)


@contextmanager
def singer(stage: Stage, environments: Path) -> Iterator[Singer]:
    base_url = stage.sandbox.zendesk[ACCOUNT]["base_url"]
    with _folder() as folder, serving(base_url, folder, name=f"{ACCOUNT}.zendesk.com") as leads:
        yield Singer(stage, folder, environments, leads)


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder of its own, and a Postgres in it, which ends with it."""
    with TemporaryDirectory(prefix="vensor-bench-", ignore_cleanup_errors=True) as told:
        folder = Path(told)
        try:
            yield folder
        finally:
            embedded.stop(folder)


def access_token(stage: Stage) -> str:
    """A token that may read everything, for those who cannot ask for one."""
    told = stage.sandbox.zendesk[ACCOUNT]
    asked = {name: told[name] for name in ("client_id", "client_secret")}
    answer = httpx.post(
        f"{told['base_url']}/oauth/tokens", json=asked | {"grant_type": "client_credentials"}
    )
    return str(answer.raise_for_status().json()["access_token"])


def _ended_well(command: Sequence[str], environment: Mapping[str, str], log: Path) -> bool:
    """Its words go to the log, and so does what went wrong."""
    with log.open("ab") as output:
        done = subprocess.run(
            command,
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
    return done.returncode == 0


def _rows(folder: Path, asked: Mapping[str, str], name: str) -> Mapping[str, Rows]:
    with _connected(_database(folder)) as connection:
        return {
            stream: connection.execute(one.format(name=name)).fetchall()
            for stream, one in asked.items()
        }


def _database(folder: Path) -> URL:
    server = embedded.start(folder)
    login = (embedded.SUPERUSER, server.password)
    return URL.create("postgresql", *login, "127.0.0.1", server.port, "postgres")


def _url(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _connected(url: URL) -> psycopg.Connection[tuple[int, str | None]]:
    return psycopg.connect(_url(url), autocommit=True)
