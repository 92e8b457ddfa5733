"""The product as its users run it: the command `vensor` in a process, with a Prefect server."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from cli import orchestrator, peers
from cli.demo import connect_to
from tasks.resources import opened, opened_engine
from tasks.settings import load_settings
from tests.conftest import KEK, measured_database, parsed_project
from warehouse.organizations import add_organization
from warehouse.sessions import Logins


@dataclass(frozen=True)
class Terminal:
    """Runs `vensor` against this worker's database."""

    environment: dict[str, str]

    def popen(self, *arguments: str, stdin: str = "") -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", "from cli.main import main; main()", *arguments],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if stdin and process.stdin:
            process.stdin.write(stdin)
            process.stdin.flush()
        return process

    def run(self, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        process = self.popen(*arguments, stdin=stdin)
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    @contextmanager
    def within(self) -> Iterator[None]:
        """The terminal's settings, in this process."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                if name.startswith("VENSOR_"):
                    patch.setenv(name, value)
            yield


@pytest.fixture(scope="session")
def vensor_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A VENSOR_HOME with a Prefect server, which ends with the tests."""
    home = tmp_path_factory.mktemp("vensor")
    orchestrator.begin(home)
    yield home
    orchestrator.stop(home)


@pytest.fixture(scope="session")
def terminal(home: Path, logins: Logins, vensor_home: Path) -> Terminal:
    """A terminal on this worker's database."""
    parsed_project(home, vensor_home / "dbt", logins)
    return _terminal(logins, vensor_home)


@pytest.fixture
def lonely_terminal(
    home: Path, worker_id: str, logins: Logins, vensor_home: Path
) -> Iterator[Terminal]:
    """A terminal on a database in which no other test has organizations."""
    lonely = measured_database(home, f"lonely_{worker_id}")
    parsed_project(home, vensor_home / "dbt", lonely)
    yield _terminal(lonely, vensor_home)
    parsed_project(home, vensor_home / "dbt", logins)


def _terminal(logins: Logins, home: Path) -> Terminal:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PREFECT_", "VENSOR_"))
    }
    environment |= {"VENSOR_HOME": str(home), "VENSOR_KEK": KEK, "COLUMNS": "200"}
    for name, url in (
        ("WAREHOUSE", logins.migrator),
        ("LOADER", logins.loader),
        ("TRANSFORMER", logins.transformer),
    ):
        environment[f"VENSOR_{name}_URL"] = url.render_as_string(hide_password=False)
    return Terminal(environment)


@pytest.fixture
def connected(terminal: Terminal, sandbox: peers.Sandbox) -> "ConnectedSlug":
    """A new organization, connected to the sandbox's acme."""
    return connect(terminal, sandbox, f"acme-{uuid4().hex[:8]}")


ConnectedSlug = str


def connect(terminal: Terminal, sandbox: peers.Sandbox, slug: str, account: str = "acme") -> str:
    """Adds and connects an organization, in this process; its slug."""
    with terminal.within():
        with opened_engine(load_settings()) as engine:
            told = {"name": "Acme", "timezone": "Europe/Berlin", "retention_days": 30}
            add_organization(engine, slug=slug, **told)
        with opened(slug) as resources:
            connect_to(sandbox, resources, account)
    return slug


def connect_by_hand(terminal: Terminal, sandbox: peers.Sandbox, slug: str, account: str) -> str:
    """Adds and connects an organization from the terminal, which shows no secret; its slug."""
    zendesk, slack = sandbox.zendesk[account], sandbox.slack
    for arguments, secret in (
        (("org", "add", slug, "--name", "Acme", "--timezone", "Europe/Berlin"), ""),
        (
            (
                *("connect", "zendesk", "--org", slug, "--base-url", zendesk["base_url"]),
                *("--client-id", zendesk["client_id"]),
            ),
            zendesk["client_secret"],
        ),
        (
            (
                *("connect", "slack", "--org", slug, "--base-url", slack["base_url"]),
                *("--channel", slack["channels"][account]),
            ),
            slack["bot_token"],
        ),
    ):
        done = terminal.run(*arguments, stdin=f"{secret}\n" if secret else "")
        assert done.returncode == 0, done.stderr
        assert not secret or secret not in done.stdout + done.stderr
    return slug
