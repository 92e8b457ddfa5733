"""Logins of one organization: what they can do over a real connection, and that they end."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import Engine

from warehouse.errors import ConfigurationError
from warehouse.logins import all_logins, close, drop, grant, login_name, verifier
from warehouse.sessions import Logins, Organization, tenant_session

PASSWORD = "only-in-this-test"


def granted(engine: Engine, organization: Organization, kind: str = "bi") -> str:
    """The name of a new login of the organization."""
    login = login_name(kind, organization.slug)
    with tenant_session(engine, organization.org_id) as connection:
        grant(connection, login, PASSWORD)
    return login


def connected(where: Logins, login: str, password: str = PASSWORD) -> psycopg.Connection:
    url = where.loader.set(drivername="postgresql", username=login, password=password)
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


@pytest.fixture
def login(engine: Engine, organization: Organization) -> str:
    """A BI login."""
    return granted(engine, organization)


@pytest.fixture
def session(logins: Logins, login: str) -> Iterator[psycopg.Connection]:
    """A session of the BI login."""
    with connected(logins, login) as connection:
        yield connection


def test_a_login_is_bound_to_its_organization(
    session: psycopg.Connection, organization: Organization, other_organization: Organization
) -> None:
    """Whatever it sets."""
    session.execute("select set_config('app.org_id', %s, false)", [str(other_organization.org_id)])
    assert session.execute("select app.org_id()").fetchone() == (organization.org_id,)


@pytest.mark.parametrize(
    "statement",
    [
        "select * from zendesk.tickets",
        "select * from app.logins",
        "create table bi.mine (id integer)",
        "create schema mine",
        "create temporary table mine (id integer)",
        "create role mine",
        "grant vensor_bi to vensor_loader",
        "set role vensor_owner",
        "set role vensor_grantor",
        "set session authorization vensor_loader",
        "select app.grant_login('bi_mine', 'SCRAM-SHA-256$', 1)",
        "select app.close_login('bi_mine')",
        "select app.drop_login('bi_mine')",
        "select pg_read_file('/etc/passwd')",
        "copy (select 1) to program 'true'",
    ],
)
def test_a_bi_login_may_do_nothing_but_read_views(
    session: psycopg.Connection, statement: str
) -> None:
    """Nothing is made, become or granted."""
    with pytest.raises(errors.InsufficientPrivilege):
        session.execute(statement)


def test_granting_again_changes_the_password(
    engine: Engine, logins: Logins, organization: Organization, login: str
) -> None:
    """The old one ends, and it is said that the login was there."""
    with tenant_session(engine, organization.org_id) as connection:
        assert not grant(connection, login, "another")
    with pytest.raises(psycopg.OperationalError):
        connected(logins, login)
    connected(logins, login, "another").close()


def test_postgres_keeps_no_password(
    engine: Engine, logins: Logins, organization: Organization, login: str
) -> None:
    """Only a verifier, which is made before anything is sent."""
    with tenant_session(engine, organization.org_id) as connection:
        told = verifier(connection, login, PASSWORD)
    assert told.startswith("SCRAM-SHA-256$")
    assert PASSWORD not in told


def test_a_revoked_login_is_out_at_once(
    engine: Engine,
    organization: Organization,
    logins: Logins,
    login: str,
    session: psycopg.Connection,
) -> None:
    """Its sessions end, and none begins."""
    with tenant_session(engine, organization.org_id) as connection:
        assert close(connection, login)
    with pytest.raises(psycopg.OperationalError):
        connected(logins, login)
    with tenant_session(engine, organization.org_id) as connection:
        assert drop(connection, login) == 1
        assert all_logins(connection) == []
    with pytest.raises(psycopg.OperationalError):
        session.execute("select 1")


def test_no_organization_touches_another_s_login(
    engine: Engine, other_organization: Organization, login: str
) -> None:
    """Nor a service's, nor the administrator's."""
    with tenant_session(engine, other_organization.org_id) as connection:
        assert not close(connection, login)
        for taken in (login, "vensor_loader", "postgres"):
            with pytest.raises(ConfigurationError, match="does not own"):
                grant(connection, taken, PASSWORD)
