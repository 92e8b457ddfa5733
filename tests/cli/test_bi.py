"""`vensor bi`: logins for BI tools, auditors and privacy officers."""

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import Engine

from tests.cli.conftest import SignIn, Vensor, refused, trail
from warehouse.sessions import Organization


def test_a_login_is_printed_once_works_and_ends(
    vensor: Vensor, acting: SignIn, engine: Engine, organization: Organization
) -> None:
    """Its URL alone is on stdout; a list and the audit trail name it without its password."""
    user_id = acting("admin")
    org = ("--org", organization.slug)
    name = f"bi_{organization.slug}__tableau"
    first = vensor("bi", "grant", *org, "--login", "tableau")
    url = first.stdout.strip()
    assert f"{name} made" in first.stderr
    with psycopg.connect(url, autocommit=True) as connection:
        told = "select session_user::text, app.org_id()"
        assert connection.execute(told).fetchone() == (name, organization.org_id)
        again = vensor("bi", "grant", *org, "--login", "tableau")
        assert "it has a new password" in again.stderr
        listed = vensor("bi", "list", *org).stdout
        assert [one.split()[0] for one in listed.splitlines()[1:]] == [name]
        assert vensor("bi", "revoke", *org, "--login", "tableau").exit_code == 0
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
    for gone in (url, again.stdout.strip()):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(gone)
    refused(vensor("bi", "revoke", *org, "--login", "tableau"), "has no login")
    passwords = {one.split(":")[2].split("@")[0] for one in (url, again.stdout)}
    done = [row for row in trail(engine, organization) if row[1].startswith("bi.")]
    assert [row[1] for row in done] == ["bi.grant", "bi.new_password", "bi.revoke"]
    assert {row[0] for row in done} == {f"user:{user_id}"}
    assert not [one for one in passwords if one in f"{done}{listed}{first.stderr}"]


@pytest.mark.parametrize(
    ("role", "reads", "not_reads"),
    [
        ("auditor", "audit.events", "zendesk.users"),
        ("privacy-officer", "zendesk.users", "audit.events"),
    ],
)
def test_other_roles_read_what_is_theirs(
    vensor: Vensor,
    acting: SignIn,
    organization: Organization,
    role: str,
    reads: str,
    not_reads: str,
) -> None:
    """An auditor the trail, a privacy officer who is in the data."""
    acting("owner")
    url = vensor("bi", "grant", "--org", organization.slug, "--role", role).stdout.strip()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"select count(*) from {reads}")
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(f"select count(*) from {not_reads}")
