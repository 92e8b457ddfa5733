"""Where faults strike: two organizations before their first day, set up once and restored at will.

What is restored is a database, copied from one that is kept; the sandbox's folder, with its tokens
and messages; nothing else is changed by a day. Servers are real and of this stage's own.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg

from cli import orchestrator, peers
from tasks.connections import store_zendesk
from tasks.metrics.dbt import prepare
from tasks.resources import opened
from tests.chaos.digests import Digests, opened_digests, slack_digest, table_digests
from tests.conftest import UNLIMITED
from tests.flows.conftest import Terminal, connect
from tests.tasks.zendesk.conftest import consented
from warehouse import embedded
from warehouse.bootstrap import initialise_embedded
from warehouse.migrate import migrate
from warehouse.sessions import Logins

TICKETS = {"acme": 60, "globex": 40}
BY_CONSENT = "acme"
KEPT, USED = "vensor_before", "vensor_chaos"
DISK_BYTES = 2 * 1024**3
LONGEST_DAY_SECONDS = 900.0
# The day that `vensor daily` runs, without some of its stages.
SOME_STAGES = """
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from cli import orchestrator
home, as_of, stages = sys.argv[1:]
orchestrator.configure(Path(home))
from flows.daily import daily
daily(as_of=datetime.fromisoformat(as_of), stages=stages.split(","))
"""
URLS = ("WAREHOUSE", "LOADER", "TRANSFORMER")


@dataclass
class Day:
    """A day under way: `vensor daily` in a process group of its own."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def kill(self, *, family: bool) -> bool:
        """SIGKILL to the run, or to all that it started as well; False where it had ended."""
        if self.process.poll() is not None:
            return False
        if family:
            os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.kill()
        self.process.wait()
        return True

    def wait(self) -> int:
        """Its exit status."""
        return self.process.wait(timeout=LONGEST_DAY_SECONDS)

    @property
    def ended_well(self) -> bool:
        return self.process.returncode == 0

    def words(self) -> str:
        """What it said last, for whoever looks into a failure."""
        lines = self.all_words().strip().splitlines()
        return lines[-1] if lines else ""

    def all_words(self) -> str:
        """All that it said."""
        return self.log.read_text(errors="replace")


@dataclass
class Stage:
    """The stage. `told` is added to the environment of every day.

    `home` is vensor's, `warehouse` where Postgres lies: on a small disk of its own, if `mounted`.
    `whole_seconds` is how long an undisturbed day takes, `answers` how many verdicts and
    assessments it asks of OpenAI. A day has `stages`, or else all of them.
    """

    home: Path
    warehouse: Path
    as_of: datetime
    terminal: Terminal
    sandbox: peers.Sandbox
    stages: str = ""
    whole_seconds: float = 60.0
    answers: int = 0
    told: dict[str, str] = field(default_factory=dict)
    days: list[Day] = field(default_factory=list)

    @property
    def database_port(self) -> int:
        return self.postgres.port

    @property
    def postgres(self) -> embedded.Server:
        return embedded.start(self.warehouse)

    @property
    def mounted(self) -> bool:
        return self.warehouse.is_mount()

    def models(self, whose: str) -> dict[str, str]:
        """The environment in which models are local, or of the sandbox's OpenAI."""
        if whose == "local":
            return {}
        told = self.sandbox.openai
        return {"OPENAI_API_KEY": told["api_key"], "OPENAI_BASE_URL": told["base_url"]}

    def restore(self) -> None:
        """Everything is as it was before the first day."""
        self.stop_days()
        peers.stop(self.home)
        state = self.home / "sandbox"
        shutil.rmtree(state)
        shutil.rmtree(self.home / "audit", ignore_errors=True)  # the head of a trail that is gone
        shutil.copytree(self.home / "sandbox.before", state)
        with self.superuser("postgres") as connection:
            connection.execute(f"drop database if exists {USED} with (force)")
            connection.execute(f"create database {USED} template {KEPT} owner vensor_owner")
        initialise_embedded(self.warehouse, database=USED)
        self.sandbox = start_sandbox(self.home)

    def begin(self, told: Mapping[str, str] | None = None) -> Day:
        """A day of both organizations, under way; `told` is added to its environment."""
        log = self.home / f"day-{len(self.days)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", *self._command()],
                env=self.terminal.environment | self.told | dict(told or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.days.append(Day(process, log))
        return self.days[-1]

    def _command(self) -> tuple[str, ...]:
        as_of = self.as_of.isoformat()
        if self.stages:
            return (SOME_STAGES, str(self.home), as_of, self.stages)
        return ("from cli.main import main; main()", "daily", "--as-of", as_of)

    def run(self, told: Mapping[str, str] | None = None) -> Day:
        """A day of both organizations, which has ended; how, its process says."""
        day = self.begin(told)
        day.wait()
        return day

    def through(self, port: int) -> dict[str, str]:
        """The environment in which the warehouse is reached by another port."""
        own = str(self.database_port)
        names = [f"VENSOR_{name}_URL" for name in URLS]
        urls = {name: self.terminal.environment[name] for name in names}
        return {name: url.replace(f":{own}/", f":{port}/") for name, url in urls.items()}

    def digests(self) -> Digests:
        """What there is now."""
        with self.superuser(USED) as connection:
            found = table_digests(connection)
        with self.terminal.within():
            return found | opened_digests(TICKETS) | slack_digest(self.sandbox)

    def requests(self) -> list[dict[str, Any]]:
        """What the sandbox has been asked since all was put back."""
        with self.control() as client:
            found: list[dict[str, Any]] = client.get("/requests").json()["requests"]
            return found

    def streams_begun(self) -> int:
        """How many streams of Zendesk have a watermark: how far the first extraction has come."""
        with self.superuser(USED) as connection:
            found = connection.execute("select count(*) from app.watermarks").fetchone()
        return int(found[0]) if found else 0

    @contextmanager
    def superuser(self, database: str) -> Iterator[psycopg.Connection]:
        """A login that the product never has."""
        server = self.postgres
        with psycopg.connect(
            host="127.0.0.1",
            port=server.port,
            user=embedded.SUPERUSER,
            password=server.password,
            dbname=database,
            autocommit=True,
        ) as connection:
            yield connection

    @contextmanager
    def control(self) -> Iterator[httpx.Client]:
        """The sandbox's control."""
        headers = {"Authorization": f"Bearer {self.sandbox.control_token}"}
        with httpx.Client(
            base_url=self.sandbox.control_url, headers=headers, timeout=60, trust_env=False
        ) as client:
            yield client

    def stop_days(self) -> None:
        """Nothing of a day outlives it here: not what a killed run had started either."""
        for day in self.days:
            try:
                os.killpg(day.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            day.process.wait()
        self.days.clear()


def start_sandbox(home: Path) -> peers.Sandbox:
    """The sandbox of the stage, without limits."""
    return peers.start(home, TICKETS, limits=dict.fromkeys(UNLIMITED, 1_000_000))


@contextmanager
def staged() -> Iterator[Stage]:
    """A stage, which ends with all of its processes, files and mounts."""
    with tempfile.TemporaryDirectory(prefix="vensor-chaos-") as folder, ExitStack() as ends:
        home, warehouse = Path(folder) / "vensor", Path(folder) / "warehouse"
        for each in (home, warehouse):
            each.mkdir(mode=0o700)
        if _mount(warehouse):
            ends.callback(subprocess.run, ["umount", "--lazy", str(warehouse)], check=True)
        ends.callback(embedded.stop, warehouse)
        for server in (orchestrator, peers):
            ends.callback(server.stop, home)
        orchestrator.begin(home)  # takes longest: it starts while the rest is set up
        stage = _set_up(home, warehouse)
        ends.callback(stage.stop_days)
        orchestrator.ensure_running(home)
        yield stage


def _mount(folder: Path) -> bool:
    """Puts a small disk in the folder's place; False where this user cannot."""
    if os.geteuid() != 0:
        return False
    told = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0700", "tmpfs", str(folder)]
    return subprocess.run(told, capture_output=True, check=False).returncode == 0


def _set_up(home: Path, warehouse: Path) -> Stage:
    logins = initialise_embedded(warehouse, database=KEPT)
    migrate(logins.migrator)
    prepare(logins.transformer, target_dir=home / "dbt")
    sandbox = start_sandbox(home)
    kek = b64encode(os.urandom(32)).decode()
    before = _terminal(home, kek, logins)
    for account in TICKETS:
        connect(before, sandbox, account, account)
    with before.within():
        for slug in TICKETS:
            with opened(slug) as resources:  # its keyed hashes are the same after each restoring
                resources.cipher.keyed_hash(b"", purpose="make the key")
        with opened(BY_CONSENT) as resources:  # the other renews without a pair
            told = sandbox.zendesk[BY_CONSENT]
            store_zendesk(resources, base_url=told["base_url"], credentials=consented(told))
    peers.stop(home)
    shutil.copytree(home / "sandbox", home / "sandbox.before")
    terminal = _terminal(home, kek, initialise_embedded(warehouse, database=USED))
    return Stage(home, warehouse, datetime.now(UTC), terminal, start_sandbox(home))


def _terminal(home: Path, kek: str, logins: Logins) -> Terminal:
    """A terminal on a database, with nothing of whoever runs this."""
    theirs = ("PREFECT_", "VENSOR_", "OPENAI_", "SLACK_", "SENTRY_")
    environment = {name: told for name, told in os.environ.items() if not name.startswith(theirs)}
    environment |= {"VENSOR_HOME": str(home), "VENSOR_KEK": kek, "COLUMNS": "200"}
    for name, url in zip(URLS, (logins.migrator, logins.loader, logins.transformer), strict=True):
        environment[f"VENSOR_{name}_URL"] = url.render_as_string(hide_password=False)
    return Terminal(environment)
