"""What is wrong with a warehouse is found, and named with what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import URL

from tasks.diagnosis import Finding, examined
from tasks.diagnosis.warehouse import (
    GIB,
    _room,
    check_logins,
    check_migrations,
    check_roles,
    check_server,
    clock,
    warehouse_checks,
)
from tasks.settings import load_settings
from tests.conftest import measured_database
from warehouse import embedded
from warehouse.bootstrap import initialise_embedded
from warehouse.health import Growth
from warehouse.migrate import migrate
from warehouse.sessions import Logins


@pytest.fixture(scope="module")
def lonely(home: Path, worker_id: str) -> Logins:
    """A database that these tests may spoil."""
    return measured_database(home, f"doctor_{worker_id}")


@contextmanager
def spoiled(home: Path, url: URL, spoil: str, mend: str) -> Iterator[None]:
    """Within, the database is as its administrator should not leave it."""
    told = url.set(
        drivername="postgresql", username=embedded.SUPERUSER, password=embedded.start(home).password
    )
    with psycopg.connect(told.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(spoil)
        try:
            yield
        finally:
            connection.execute(mend)


def _only(found: list[Finding], subject: str) -> Finding:
    (one,) = [one for one in found if one.subject == subject]
    return one


def test_a_good_warehouse_has_nothing_to_do(settings_environment: None, logins: Logins) -> None:
    """All of it is looked at: server, pgvector, TLS, clock, migrations, roles, logins, disk."""
    found = examined(warehouse_checks(load_settings()))
    assert [one for one in found if one.ok is False] == []
    named = {one.subject for one in found}
    assert named == {
        *("warehouse", "pgvector", "TLS", "clock: warehouse"),
        *("migrations", "roles", "logins", "disk"),
    }
    assert "PostgreSQL 18" in _only(found, "warehouse").meaning


def test_without_pgvector(settings_environment: None, lonely: Logins) -> None:
    """The maintenance database has none."""
    found = check_server(load_settings(), lonely.loader.set(database="postgres"))
    assert _only(found, "pgvector").ok is False
    assert "create extension vector" in _only(found, "pgvector").advice


def test_an_old_schema_a_newer_one_and_none(home: Path, worker_id: str, lonely: Logins) -> None:
    """Behind: init. Ahead: this vensor is the old one."""
    old = initialise_embedded(home, database=f"doctor_old_{worker_id}")
    (none,) = check_migrations(old.migrator)
    assert (none.ok, none.advice) == (False, "run `vensor init`")
    migrate(old.migrator, revision="0020")
    (behind,) = check_migrations(old.migrator)
    assert behind.meaning.startswith("0020, behind this vensor's ")
    newer = "update app.alembic_version set version_num = '9999'"
    back = "update app.alembic_version set version_num = '0020'"
    with spoiled(home, old.migrator, newer, back):
        (ahead,) = check_migrations(old.migrator)
    assert ahead.ok is False
    assert "update vensor" in ahead.advice


@pytest.mark.parametrize(
    ("spoil", "mend", "said"),
    [
        (
            "grant usage on schema keys to vensor_transformer;"
            " grant select on keys.org_keys to vensor_transformer",
            "revoke all on schema keys from vensor_transformer;"
            " revoke select on keys.org_keys from vensor_transformer",
            "vensor_transformer may select keys.org_keys",
        ),
        (
            "revoke insert on app.runs from vensor_loader",
            "grant insert on app.runs to vensor_loader",
            "vensor_loader may not select,insert,update app.runs",
        ),
        (
            "alter table app.runs no force row level security",
            "alter table app.runs force row level security",
            "app.runs is not bound to a tenant",
        ),
        (
            "grant select on zendesk.tickets to public",
            "revoke select on zendesk.tickets from public",
            "vensor_bi may select zendesk.tickets",
        ),
    ],
)
def test_what_was_granted_by_hand(
    home: Path, lonely: Logins, spoil: str, mend: str, said: str
) -> None:
    """Too much, too little, a table whose rows are everybody's."""
    with spoiled(home, lonely.migrator, spoil, mend):
        (found,) = check_roles(lonely.migrator)
    assert found.ok is False
    assert said in found.meaning
    assert check_roles(lonely.migrator)[0].ok


def test_a_login_that_does_not_get_in_is_named(lonely: Logins) -> None:
    """Without its password."""
    wrong = lonely.transformer.set(password="Wilhelmina")
    (found,) = check_logins([lonely.loader, wrong])
    assert found.meaning == "vensor_transformer does not get in"
    assert "Wilhelmina" not in repr(found)


@given(seconds=st.floats(-1e6, 1e6))
def test_clocks_apart(seconds: float) -> None:
    """Five seconds either way are none."""
    found = clock("clock", timedelta(seconds=seconds))
    assert found.ok is (abs(timedelta(seconds=seconds)) <= timedelta(seconds=5))
    assert bool(found.advice) is not found.ok


@given(free=st.integers(0, 1 << 44), daily=st.integers(0, 1 << 40))
def test_room_is_enough_for_a_fortnight(free: int, daily: int) -> None:
    """Never less than a GiB; where the database lies elsewhere, its growth is not weighed here."""
    here = _room(free, Growth(10 * GIB, daily), ours=True)
    elsewhere = _room(free, Growth(10 * GIB, daily), ours=False)
    assert here.ok is (free >= GIB and free >= 14 * daily)
    assert elsewhere.ok is (free >= GIB)
