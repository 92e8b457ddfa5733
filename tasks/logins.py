"""Logins for BI tools, auditors and privacy officers: each change is audited with who made it."""

import secrets
from dataclasses import dataclass

from sqlalchemy import URL

from tasks.errors import ConfigurationError
from tasks.resources import Resources
from warehouse import logins

PURPOSE = "a login that reads this organization"


@dataclass(frozen=True)
class Granted:
    """A login and its URL; the URL holds the password, which is kept nowhere."""

    login: str
    url: URL
    is_new: bool


def grant_login(resources: Resources, kind: str, name: str | None) -> Granted:
    """Makes a login of this kind, or gives the one that is there a new password.

    Raises: ConfigurationError where its name is another's.
    """
    login = logins.login_name(kind, resources.organization.slug, name)
    password = secrets.token_urlsafe(32)
    with resources.session() as connection:
        is_new = logins.grant(connection, login, password)
        resources.audit(
            connection,
            action="bi.grant" if is_new else "bi.new_password",
            purpose=PURPOSE,
            details={"login": login, "role": kind},
        )
    return Granted(login, _url(resources, login, password), is_new)


def revoke_login(resources: Resources, kind: str, name: str | None) -> tuple[str, int]:
    """Ends a login and its sessions: its name, and how many sessions there were.

    First nobody can log in any more, then who is in is put out: none slips in between.

    Raises: ConfigurationError where the organization has no such login.
    """
    login = logins.login_name(kind, resources.organization.slug, name)
    with resources.session() as connection:
        if not logins.close(connection, login):
            raise ConfigurationError(
                f"{resources.organization.slug} has no login {login!r};"
                f" `vensor bi list --org {resources.organization.slug}` shows those it has"
            )
    with resources.session() as connection:
        sessions = logins.drop(connection, login)
        resources.audit(
            connection,
            action="bi.revoke",
            purpose=PURPOSE,
            details={"login": login, "sessions": sessions},
        )
    return login, sessions


def _url(resources: Resources, login: str, password: str) -> URL:
    """Where the login connects: to where the loader does, and as safely."""
    loader = resources.logins.loader
    asked = {key: loader.query[key] for key in ("sslmode",) if key in loader.query}
    return URL.create(
        "postgresql",
        username=login,
        password=password,
        host=loader.host,
        port=loader.port,
        database=loader.database,
        query=asked,
    )
