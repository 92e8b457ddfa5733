"""A warehouse in which every table holds a row of each of two organizations, and who may ask it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from sqlalchemy import URL

from tasks.metrics.dbt import prepare
from tests.warehouse.catalog import relations
from warehouse.migrate import migrate
from warehouse.sessions import Logins

MINE, THEIRS = uuid4(), uuid4()
MEMBER, MEMBER_OF_BOTH, THEIR_MEMBER, STRANGER = (uuid4() for _ in range(4))
PASSWORD = "only-in-this-test"
BOUND = ("vensor_bi", "vensor_auditor", "vensor_privacy_officer")
# A value of each type, of which the planted rows are made. Instants lie in the present day, for
# which there are partitions.
VALUES = {
    "uuid": "gen_random_uuid()",
    "text": "'planted'",
    "boolean": "true",
    "date": "current_date",
    "timestamp with time zone": "date_trunc('day', now(), 'UTC') + interval '1 hour'",
    "bytea": "'\\x00'",
    "jsonb": "'{}'",
    "text[]": "'{}'",
    "bigint[]": "'{}'",
    "integer[]": "'{}'",
    "int4range": "'empty'",
    "time without time zone": "'12:00'",
}


@dataclass(frozen=True)
class Planted:
    """The warehouse: its administrator's URL, and one for each service."""

    superuser: URL
    logins: Logins
    supabase: bool

    @contextmanager
    def as_superuser(self) -> Iterator[psycopg.Connection]:
        with connected(self.superuser) as connection:
            yield connection

    @contextmanager
    def session(
        self, user: str, settings: Mapping[str, str] | None = None, role: str | None = None
    ) -> Iterator[psycopg.Connection]:
        """A session of a login, with settings, as another role where one is named."""
        by_name = {
            url.username: url
            for url in (self.logins.migrator, self.logins.loader, self.logins.transformer)
        }
        url = by_name.get(user, self.superuser.set(username=user, password=PASSWORD))
        with connected(url) as connection:
            for name, value in (settings or {}).items():
                connection.execute("select set_config(%s, %s, false)", [name, value])
            if role is not None:
                connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
            yield connection


def connected(url: URL) -> psycopg.Connection:
    """A connection on which every statement is a transaction."""
    found = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(found, autocommit=True)


def planted(superuser: URL, logins: Logins, target: Path, *, supabase: bool) -> Planted:
    """The warehouse of these logins, migrated, with metric tables, partitions and rows."""
    migrate(logins.migrator)
    prepare(logins.transformer, target_dir=target)
    found = Planted(superuser, logins, supabase)
    with found.as_superuser() as connection:
        connection.execute("select app.ensure_partitions(current_date, current_date + 1)")
        _drop_checks(connection)
        for org_id in (MINE, THEIRS):
            connection.execute(
                "insert into app.organizations (org_id, slug, name) values (%s, %s, 'planted')",
                [org_id, f"org-{org_id.hex[:8]}"],
            )
        for name in relations(connection, "rp"):
            for org_id in (MINE, THEIRS):
                _plant(connection, name, org_id)
        _bind_logins(connection)
        _add_members(connection)
    return found


def _drop_checks(connection: psycopg.Connection) -> None:
    """Rows of the simplest values take the place of what the constraints ask for."""
    checks = connection.execute(
        "select c.conrelid::regclass::text, c.conname from pg_constraint c"
        " join pg_namespace n on n.oid = c.connamespace where c.contype in ('c', 'f')"
        " and c.coninhcount = 0 and c.conparentid = 0"
        " and n.nspname in ('app', 'keys', 'zendesk', 'knowledge', 'ai', 'audit')"
    ).fetchall()
    for table, name in checks:
        statement = sql.SQL("alter table {} drop constraint {}")
        connection.execute(statement.format(sql.SQL(table), sql.Identifier(name)))


def _plant(connection: psycopg.Connection, name: str, org_id: UUID) -> None:
    """One more row of the organization, directly in the table or partition that is named."""
    schema, table = name.split(".")
    columns = connection.execute(
        "select a.attname, format_type(a.atttypid, null),"
        " coalesce(pg_get_partition_constraintdef(a.attrelid), '') from pg_attribute a"
        " where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped"
        " and (a.attnotnull or a.attname = 'org_id') and a.attgenerated = ''"
        " and a.attidentity = ''",
        [name],
    ).fetchall()
    if not any(column == "org_id" for column, *_ in columns):
        return
    values = [
        sql.Literal(str(org_id)) if column == "org_id" else sql.SQL(_value(kind, limits, name))
        for column, kind, limits in columns
    ]
    connection.execute(
        sql.SQL("insert into {} ({}) values ({}) on conflict do nothing").format(
            sql.Identifier(schema, table),
            sql.SQL(", ").join(sql.Identifier(column) for column, *_ in columns),
            sql.SQL(", ").join(values),
        )
    )


def _value(kind: str, limits: str, name: str) -> str:
    if kind == "timestamp with time zone" and limits:
        return f"to_timestamp('{name[-8:]}', 'YYYYMMDD') at time zone 'UTC' at time zone 'UTC'"
    if kind in {"halfvec", "vector"}:
        return "'[1,2,3]'"
    # of metrics as many as may stand alone in what BI logins read
    return VALUES.get(kind, "5" if name.startswith("metrics.") else "1")


def _bind_logins(connection: psycopg.Connection) -> None:
    """A login of each kind that is bound to one organization by its name, and one to none."""
    for role in BOUND:
        for org_id, whose in ((MINE, "mine"), (THEIRS, "theirs"), (None, "unbound")):
            name = login_of(role, whose)
            connection.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(name)))
            connection.execute(
                sql.SQL("create role {} login password {} in role {}").format(
                    sql.Identifier(name), sql.Literal(PASSWORD), sql.Identifier(role)
                )
            )
            if org_id is not None:
                connection.execute(
                    "insert into app.logins (org_id, login) values (%s, %s)", [org_id, name]
                )


def login_of(role: str, whose: str) -> str:
    """The name of the login that belongs to this role and organization, of this process only."""
    return f"{role.removeprefix('vensor_')}_{whose}_{MINE.hex[:8]}"


def _add_members(connection: psycopg.Connection) -> None:
    for org_id, user_id in (
        (MINE, MEMBER),
        (MINE, MEMBER_OF_BOTH),
        (THEIRS, MEMBER_OF_BOTH),
        (THEIRS, THEIR_MEMBER),
    ):
        connection.execute(
            "insert into app.members (org_id, user_id, role) values (%s, %s, 'viewer')",
            [org_id, user_id],
        )


def claims(user_id: UUID, org_id: UUID | str | None = None) -> dict[str, str]:
    """The setting that PostgREST makes of a token that it has verified."""
    token = {"sub": str(user_id), "role": "authenticated", "aud": "authenticated"}
    if org_id is not None:
        return {
            "request.jwt.claims": json.dumps({**token, "app_metadata": {"org_id": str(org_id)}})
        }
    return {"request.jwt.claims": json.dumps(token)}
