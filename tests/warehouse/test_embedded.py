"""The embedded Postgres: survives its starter, is found again, asks for passwords, says nothing."""

import os
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from warehouse import embedded
from warehouse.bootstrap import embedded_logins, initialise_embedded
from warehouse.errors import ConfigurationError


@pytest.fixture
def own_home(tmp_path: Path):
    """A home of its own below a folder that is closed to others, as root's home is."""
    closed = tmp_path / "closed" / "a folder with spaces"
    closed.mkdir(parents=True, mode=0o700)
    closed.parent.chmod(0o700)
    yield closed / "home"
    embedded.stop(closed / "home")


def _connect(server: embedded.Server, password: str) -> psycopg.Connection:
    return psycopg.connect(
        host="127.0.0.1", port=server.port, user="postgres", password=password, dbname="postgres"
    )


def test_it_is_found_again_and_keeps_its_port_over_a_restart(own_home: Path) -> None:
    """BI tools keep their address; a second start is the same server."""
    first = embedded.start(own_home)
    assert embedded.start(own_home) == first
    assert embedded.stop(own_home)
    assert embedded.find(own_home) is None
    assert not embedded.stop(own_home), "stopping twice is no error"
    assert embedded.start(own_home).port == first.port


def test_a_strict_umask_does_not_keep_the_server_from_its_binaries(own_home: Path) -> None:
    """The terminal runs with umask 077; the server runs as another user where we are root."""
    before = os.umask(0o077)
    try:
        assert embedded.start(own_home).port > 0
    finally:
        os.umask(before)


def test_another_server_on_its_port_makes_it_move(own_home: Path) -> None:
    """Whatever took the port meanwhile keeps it."""
    port = embedded.start(own_home).port
    embedded.stop(own_home)
    with socket.create_server(("127.0.0.1", port)):
        moved = embedded.start(own_home)
        assert moved.port != port
        with _connect(moved, moved.password) as connection:
            assert connection.execute("select 1").fetchone() == (1,)


def test_a_wrong_password_is_refused_and_files_are_private(own_home: Path) -> None:
    """SCRAM on loopback too; no other user reads passwords or data."""
    server = embedded.start(own_home)
    with pytest.raises(psycopg.OperationalError):
        _connect(server, "not it")
    assert server.password not in repr(server)
    for path in (own_home, own_home / "postgres.json", own_home / "postgres"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_it_listens_on_loopback_only_and_logs_no_statements(own_home: Path) -> None:
    """A failing statement with a name in it leaves no trace of the name in the log."""
    server = embedded.start(own_home)
    with _connect(server, server.password) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("127.0.0.1",)
        assert connection.execute("show unix_socket_directories").fetchone() == ("",)
        with pytest.raises(psycopg.DataError):
            connection.execute("select 'Wilhelmina'::integer")
        connection.rollback()
        with pytest.raises(psycopg.DataError):
            connection.execute("select %s::text::integer", ["Wilhelmina"])
    assert "Wilhelmina" not in (own_home / "postgres.log").read_text()


def test_an_initialisation_that_was_killed_begins_anew(own_home: Path) -> None:
    """A data folder without a finished cluster is no reason to give up."""
    (own_home / "postgres").mkdir(parents=True)
    (own_home / "postgres" / "half").write_text("made")
    server = embedded.start(own_home)
    with _connect(server, server.password) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_logins_need_an_init_first(own_home: Path) -> None:
    """The error says what to do; init can be repeated and keeps the passwords."""
    with pytest.raises(ConfigurationError, match="vensor init"):
        embedded_logins(own_home)
    first = initialise_embedded(own_home)
    assert initialise_embedded(own_home) == first == embedded_logins(own_home)
    with psycopg.connect(
        first.loader.set(drivername="postgresql").render_as_string(hide_password=False)
    ) as connection:
        assert connection.execute(
            "select extname from pg_extension where extname = 'vector'"
        ).fetchone()


def test_whoever_initialises_at_once_gets_the_same(own_home: Path) -> None:
    """The roles are the whole server's, and Postgres lets nobody change one that another does."""
    databases = ["vensor", "other"] * 8
    with ThreadPoolExecutor(len(databases)) as at_once:
        done = list(
            at_once.map(lambda name: initialise_embedded(own_home, database=name), databases)
        )
    assert {one.loader.password for one in done} == {embedded_logins(own_home).loader.password}
    assert [one.loader.database for one in done] == databases
