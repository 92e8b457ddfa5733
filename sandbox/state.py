"""What outlives a restart: the world's parameters, secrets, tokens, messages.

A folder of mode 0700 with ``world.json`` (parameters, port, secrets) and ``sandbox.db``
(SQLite: tokens by hash, codes, messages, files), both 0600.
"""

import hashlib
import json
import os
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any

TABLES = """
create table if not exists tokens (
    hash text primary key, kind text not null, account text not null, pair text not null,
    scope text not null, expires_at real not null, lifetimes text not null,
    client text not null default ''
);
create table if not exists codes (
    hash text primary key, account text not null, redirect_uri text not null,
    challenge text not null, scope text not null, expires_at real not null,
    client text not null default ''
);
create table if not exists changes (
    account text not null, number integer not null, step integer not null, at integer not null,
    primary key (account, number, step)
);
create table if not exists removed_recordings (
    account text not null, sid text not null, primary key (account, sid)
);
create table if not exists messages (
    channel text not null, ts text not null, body text not null, primary key (channel, ts)
);
create table if not exists joined (channel text primary key);
create table if not exists files (
    id text primary key, name text not null, content blob, done integer not null default 0
);
create table if not exists alts (file text primary key, alt text not null);
"""


class StateError(Exception):
    """The folder and the options do not go together; the message is for the terminal."""


@dataclass
class World:
    """The parameters and secrets of one sandbox."""

    seed: int
    days: int
    until: str
    accounts: dict[str, int]
    port: int = 0
    media_port: int = 0
    secrets: dict[str, str] = field(default_factory=dict)
    channels: dict[str, str] = field(default_factory=dict)


class State:
    """The folder of one sandbox."""

    def __init__(self, folder: Path, world: World) -> None:
        self.folder = folder
        self.world = world
        self.claim = (folder / "lock").open("w")
        path = folder / "sandbox.db"
        path.touch(mode=0o600)
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.executescript(
            "pragma journal_mode=wal; pragma synchronous=normal;" + TABLES
        )
        self._lock = RLock()
        with self.database() as database:
            for table in ("tokens", "codes"):
                _adopt(database, table, world)

    def secret(self, name: str) -> str:
        """The generated secret of this name; an unknown name is an error."""
        return self.world.secrets[name]

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """The database, for one thread at a time, in one transaction."""
        with self._lock:
            self._connection.execute("begin immediate")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    def save(self) -> None:
        """Writes ``world.json``."""
        write_private(self.folder / "world.json", asdict(self.world))

    def close(self) -> None:
        """Closes the database."""
        with self._lock:
            self._connection.close()
        self.claim.close()


def open_state(folder: Path, asked: Mapping[str, Any], fresh: World) -> State:
    """The state of the folder, made from ``fresh`` when there is none.

    ``asked`` holds the options that were given; each must equal what the folder has.

    Raises: StateError.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    path = folder / "world.json"
    if not path.exists():
        state = State(folder, _furnished(fresh))
        state.save()
        return state
    try:
        world = World(**json.loads(path.read_text()))
    except (ValueError, TypeError) as exc:
        raise StateError(f"{path} is not a sandbox's world") from exc
    for name, value in asked.items():
        kept = getattr(world, name)
        if kept != value:
            raise StateError(f"{folder} already holds a world with {name} {kept}, not {value}")
    return State(folder, _furnished(world))


def _adopt(database: sqlite3.Connection, table: str, world: World) -> None:
    """Gives a table from before there were public clients its column: all was the other's."""
    if "client" in [row[1] for row in database.execute(f"pragma table_info({table})")]:
        return
    database.execute(f"alter table {table} add column client text not null default ''")
    for account in world.accounts:
        client = world.secrets[f"zendesk:{account}:client_id"]
        database.execute(f"update {table} set client = ? where account = ?", (client, account))


def _furnished(world: World) -> World:
    """The world with every secret that it lacks: an older folder knows fewer of them."""
    for account in world.accounts:
        made = {
            "client_id": f"vensor_{secrets.token_hex(4)}",
            "client_secret": secrets.token_hex(32),
            "public_client_id": f"vensor_public_{secrets.token_hex(4)}",
            "api_email": f"agent@{account}.example",
            "api_token": secrets.token_hex(20),
        }
        for name, value in made.items():
            world.secrets.setdefault(f"zendesk:{account}:{name}", value)
        world.channels.setdefault(account, "C" + secrets.token_hex(5).upper())
    bot_token = f"xoxb-{secrets.token_hex(6)}-{secrets.token_hex(12)}"
    world.secrets.setdefault("slack:bot_token", bot_token)
    app_token = f"xapp-1-A0SANDBOX-{secrets.token_hex(6)}-{secrets.token_hex(16)}"
    world.secrets.setdefault("slack:app_token", app_token)
    world.secrets.setdefault("openai:api_key", f"sk-{secrets.token_urlsafe(32)}")
    for name in ("control", "media"):
        world.secrets.setdefault(name, secrets.token_urlsafe(32))
    return world


def write_private(path: Path, content: Mapping[str, Any]) -> None:
    """Writes JSON with mode 0600: whole or not at all."""
    beside = path.with_suffix(f".{os.getpid()}.part")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=2)
    beside.replace(path)


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
