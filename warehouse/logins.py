"""The Postgres logins of an organization: a BI tool's, an auditor's, a privacy officer's.

Every function runs in the organization's tenant session; see `sql/logins.sql`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType

from sqlalchemy import Connection, text

from warehouse.errors import ConfigurationError

# What each kind of login is called, and the role that it is a member of.
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "bi": "vensor_bi",
        "auditor": "vensor_auditor",
        "privacy-officer": "vensor_privacy_officer",
    }
)
CONNECTIONS = 20
LONGEST = 63  # bytes of a name in Postgres

LOGINS = text("""
    select l.login, g.rolname as group_name, l.granted_at, r.rolcanlogin as is_open,
        (select count(*) from pg_stat_activity as a where a.usename = l.login) as sessions
    from app.logins as l
    inner join pg_roles as r on l.login = r.rolname
    left join pg_auth_members as m on r.oid = m.member
    left join pg_roles as g on m.roleid = g.oid
    order by l.login
""")


@dataclass(frozen=True)
class Login:
    """A login of this organization. `is_open` is false while it is being revoked."""

    login: str
    kind: str
    granted_at: datetime
    is_open: bool
    sessions: int


def login_name(kind: str, slug: str, name: str | None = None) -> str:
    """The name of a login, such as `bi_acme` or, with a name of its own, `bi_acme__tableau`.

    A slug has no underscore, so that no two organizations come to the same name. One that is too
    long for Postgres is cut, and told apart by a hash.
    """
    prefix = f"{kind.replace('-', '_')}_"
    found = prefix + slug + (f"__{name}" if name else "")
    if len(found) <= LONGEST:
        return found
    return prefix + slug[:20] + "_" + sha256(found.encode()).hexdigest()[:16]


def verifier(connection: Connection, login: str, password: str) -> str:
    """What Postgres keeps of a password, made here: the password is in no statement and no log."""
    driver = connection.connection.driver_connection
    if driver is None:
        raise ConfigurationError("there is no connection to the warehouse")
    made: bytes = driver.pgconn.encrypt_password(
        password.encode(), login.encode(), b"scram-sha-256"
    )
    return made.decode()


def grant(connection: Connection, login: str, password: str) -> bool:
    """Makes the login, or gives it this password; whether it is new.

    Raises: ConfigurationError where the name is another's.
    """
    statement = text("select app.grant_login(:login, :verifier, :connections)")
    _refuse_another_s(connection, login)
    given = {
        "login": login,
        "verifier": verifier(connection, login, password),
        "connections": CONNECTIONS,
    }
    return bool(connection.execute(statement, given).scalar_one())


def _refuse_another_s(connection: Connection, login: str) -> None:
    taken = text(
        "select exists (select from pg_roles where rolname = :login)"
        " and not exists (select from app.logins where login = :login)"
    )
    if connection.execute(taken, {"login": login}).scalar_one():
        raise ConfigurationError(
            f"there is a role {login!r} that this organization does not own; give another --login"
        )


def all_logins(connection: Connection) -> list[Login]:
    """The organization's logins, by name."""
    kinds = {role: kind for kind, role in KINDS.items()}
    return [
        Login(row.login, kinds.get(row.group_name, ""), row.granted_at, row.is_open, row.sessions)
        for row in connection.execute(LOGINS)
    ]


def close(connection: Connection, login: str) -> bool:
    """Lets the login in no more, once committed; False where the organization has no such login."""
    statement = text("select app.close_login(:login)")
    return bool(connection.execute(statement, {"login": login}).scalar_one())


def drop(connection: Connection, login: str) -> int:
    """Ends the sessions of a closed login, and the login itself; how many sessions there were."""
    statement = text("select app.drop_login(:login)")
    return int(connection.execute(statement, {"login": login}).scalar_one())
