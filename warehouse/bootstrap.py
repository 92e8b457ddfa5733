"""Creates what a migration cannot: the roles, the database and the pgvector extension."""

import secrets
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
from filelock import FileLock
from psycopg import Connection, OperationalError, connect, errors, sql
from sqlalchemy import URL

from warehouse import embedded
from warehouse.errors import ConfigurationError
from warehouse.sessions import Logins

LOGIN_ROLES = ("vensor_migrator", "vensor_loader", "vensor_transformer")


@dataclass(frozen=True)
class Passwords:
    """The login roles' passwords of an embedded warehouse, in a file that only its owner reads."""

    migrator: str
    loader: str
    transformer: str

    def __repr__(self) -> str:
        return "Passwords(…)"


def embedded_logins(home: Path, *, database: str = "vensor") -> Logins:
    """The logins of the embedded warehouse under `home`, which is started if it doesn't run.

    Raises: ConfigurationError when it was never initialised.
    """
    path = home / "logins.json"
    if not path.exists():
        raise ConfigurationError(f"there is no warehouse under {home} yet; run `vensor init`")
    server = embedded.start(home)
    return _logins(server, msgspec.json.decode(path.read_bytes(), type=Passwords), database)


def initialise_embedded(home: Path, *, database: str = "vensor") -> Logins:
    """As `embedded_logins`, after creating server, roles and database where they are missing."""
    server = embedded.start(home)
    path = home / "logins.json"
    with FileLock(home / "logins.lock", mode=0o600):
        if not path.exists():
            passwords = Passwords(*(secrets.token_urlsafe(32) for _ in LOGIN_ROLES))
            embedded.write_private(path, msgspec.json.encode(passwords).decode())
    passwords = msgspec.json.decode(path.read_bytes(), type=Passwords)
    logins = _logins(server, passwords, database)
    superuser = logins.migrator.set(
        username=embedded.SUPERUSER, password=server.password, database="postgres"
    )
    create_database(superuser, logins)
    return logins


def create_database(superuser: URL, logins: Logins) -> None:
    """Creates roles, database and extension, each where it is missing. Safe to repeat.

    Raises: ConfigurationError where nobody answers as `superuser`, or pgvector is missing.
    """
    database = logins.migrator.database or "vensor"
    with _connected(superuser) as first:
        # Roles are the whole server's: two who change one at once would fail. Until disconnected.
        first.execute("select pg_advisory_lock(hashtextextended('vensor roles', 0))")
        _create_roles(first, logins)
        _create_database(first, database)
        with _connected(superuser.set(database=database)) as connection:
            _prepare_database(connection, database)


def _create_roles(connection: Connection[tuple[Any, ...]], logins: Logins) -> None:
    """Creates the roles and sets the passwords of those that log in, from their URLs."""
    connection.execute(files("warehouse").joinpath("sql/roles.sql").read_text())
    for url in (logins.migrator, logins.loader, logins.transformer):
        if url.username in LOGIN_ROLES:
            connection.execute(
                sql.SQL("alter role {} with login password {}").format(
                    sql.Identifier(url.username), sql.Literal(url.password)
                )
            )


def _create_database(connection: Connection[tuple[Any, ...]], database: str) -> None:
    found = connection.execute("select 1 from pg_database where datname = %s", [database])
    if found.fetchone() is not None:
        return
    connection.execute(
        sql.SQL("create database {} owner vensor_owner").format(sql.Identifier(database))
    )


def _prepare_database(connection: Connection[tuple[Any, ...]], database: str) -> None:
    name = sql.Identifier(database)
    place = _extension_schema(connection)
    if _is_ours(connection):  # another's database keeps what its other users are used to
        connection.execute("revoke all on schema public from public")
        connection.execute("grant usage on schema public to public")
        connection.execute(sql.SQL("revoke all on database {} from public").format(name))
    connection.execute(sql.SQL("grant create on database {} to vensor_owner").format(name))
    connection.execute(
        sql.SQL(
            "grant connect, temporary on database {} to vensor_migrator, vensor_loader,"
            " vensor_transformer"
        ).format(name)
    )
    connection.execute(
        sql.SQL(
            "grant connect on database {} to vensor_bi, vensor_auditor, vensor_privacy_officer,"
            " vensor_backup"
        ).format(name)
    )
    for role in (*LOGIN_ROLES, "vensor_owner"):
        connection.execute(
            sql.SQL("grant usage on schema {} to {}").format(place, sql.Identifier(role))
        )
    for role in LOGIN_ROLES:
        connection.execute(
            sql.SQL("alter role {} in database {} set search_path = {}").format(
                sql.Identifier(role), name, place
            )
        )


def _is_ours(connection: Connection[tuple[Any, ...]]) -> bool:
    owner = "select pg_get_userbyid(datdba) from pg_database where datname = current_database()"
    return connection.execute(owner).fetchone() == ("vensor_owner",)


def _extension_schema(connection: Connection[tuple[Any, ...]]) -> sql.Identifier:
    """The schema that pgvector is in: Supabase has one for extensions.

    Raises: ConfigurationError where the server has no pgvector, or its administrator must add it.
    """
    told = "select to_regnamespace('extensions') is not null"
    place = "extensions" if connection.execute(told).fetchone() == (True,) else "public"
    statement = sql.SQL("create extension if not exists vector schema {}")
    try:
        connection.execute(statement.format(sql.Identifier(place)))
    except (errors.InsufficientPrivilege, errors.FeatureNotSupported):
        raise ConfigurationError(
            "the warehouse lacks pgvector: install it, and have its administrator run"
            " `create extension vector` in that database"
        ) from None
    found = connection.execute(
        "select n.nspname from pg_extension as e"
        " join pg_namespace as n on n.oid = e.extnamespace where e.extname = 'vector'"
    )
    return sql.Identifier(*(found.fetchone() or (place,)))


def _connected(url: URL) -> Connection[tuple[Any, ...]]:
    text = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        return connect(text, autocommit=True)
    except OperationalError:  # its message may name who and where
        raise ConfigurationError(
            "the warehouse's administrator cannot log in (VENSOR_WAREHOUSE_URL): the server must"
            " answer, the database that the URL names be there, and its password be right"
        ) from None


def _logins(server: embedded.Server, passwords: Passwords, database: str) -> Logins:
    def login(role: str, password: str) -> URL:
        return URL.create(
            "postgresql+psycopg",
            username=f"vensor_{role}",
            password=password,
            host="127.0.0.1",
            port=server.port,
            database=database,
        )

    return Logins(
        migrator=login("migrator", passwords.migrator),
        loader=login("loader", passwords.loader),
        transformer=login("transformer", passwords.transformer),
    )
