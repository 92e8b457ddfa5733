"""How a warehouse is: its server, its roles, its growth, and how its runs have ended.

What is of one organization is asked in its tenant session; all else in any.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import URL, Connection, bindparam, create_engine, func, pool, select, text

from warehouse.bootstrap import LOGIN_ROLES
from warehouse.sessions import translated_errors
from warehouse.tables.app import run_stages, runs

ROLES = (
    "vensor_owner",
    *LOGIN_ROLES,
    "vensor_bi",
    "vensor_auditor",
    "vensor_privacy_officer",
    "vensor_backup",
    "vensor_grantor",
)
# (role, table, what it may do there): without the first nothing runs, with the others a boundary
# of docs/isolation.md is open.
NEEDED = (
    ("vensor_loader", "app.runs", "select,insert,update"),
    ("vensor_loader", "keys.org_keys", "select,insert,update"),
    ("vensor_transformer", "zendesk.tickets", "select"),
)
OPEN = (
    ("vensor_transformer", "keys.org_keys", "select"),
    ("vensor_transformer", "zendesk.comment_contents", "select"),
    ("vensor_bi", "zendesk.tickets", "select"),
    ("vensor_backup", "keys.org_keys", "select"),
    ("public", "app.organizations", "select"),
)


@dataclass(frozen=True)
class Server:
    """A Postgres server. `vector` is pgvector's version, None without it; `tls` the protocol."""

    version_num: int
    version: str
    vector: str | None
    tls: str | None
    now: datetime


@dataclass(frozen=True)
class Growth:
    """Bytes of the whole database, and of what came on a usual day of the last seven."""

    total_bytes: int
    daily_bytes: int


@dataclass(frozen=True)
class LastRuns:
    """Of a flow: when the last run that came to its end did, and how the newest one is."""

    completed_at: datetime | None
    state: str
    stage: str | None
    error: str | None


@contextmanager
def asked(url: URL) -> Iterator[Connection]:
    """A connection that asks for nothing but a server: pgvector may not be there yet.

    Raises: TransientError where nobody answers, or not with this password.
    """
    engine = create_engine(
        url, poolclass=pool.NullPool, hide_parameters=True, connect_args={"connect_timeout": 10}
    )
    with translated_errors(), engine.connect() as connection:
        yield connection


def server(connection: Connection) -> Server:
    """The server that answers."""
    row = connection.execute(
        text("""
            select
                current_setting('server_version_num')::integer,
                current_setting('server_version'),
                (select extversion from pg_extension where extname = 'vector'),
                (select version from pg_stat_ssl where pid = pg_backend_pid()),
                clock_timestamp()
        """)
    ).one()
    return Server(*row)


def missing_roles(connection: Connection) -> list[str]:
    """The roles of a warehouse that this server does not have."""
    there = text("select rolname from pg_roles where rolname in :names")
    found = connection.execute(
        there.bindparams(bindparam("names", expanding=True)), {"names": list(ROLES)}
    )
    return sorted(set(ROLES) - set(found.scalars()))


def mighty_logins(connection: Connection) -> list[str]:
    """The logins that row-level security does not bind."""
    there = text(
        "select rolname from pg_roles where rolname in :names and (rolsuper or rolbypassrls)"
    )
    names = [name for name in ROLES if name != "vensor_backup"]
    found = connection.execute(
        there.bindparams(bindparam("names", expanding=True)), {"names": names}
    )
    return sorted(found.scalars())


def wrong_privileges(connection: Connection) -> list[str]:
    """What a role may not do and must, or may and must not; once all roles and tables are there."""
    wrong = [f"{one[0]} may not {one[2]} {one[1]}" for one in NEEDED if not _may(connection, one)]
    return wrong + [f"{one[0]} may {one[2]} {one[1]}" for one in OPEN if _may(connection, one)]


def _may(connection: Connection, told: tuple[str, str, str]) -> bool:
    """Whether a role may do every one of these."""
    role, table, privileges = told
    return all(
        connection.execute(
            text("select has_table_privilege(:role, to_regclass(:table), :privilege)"),
            {"role": role, "table": table, "privilege": privilege},
        ).scalar_one()
        for privilege in privileges.split(",")
    )


def growth(connection: Connection) -> Growth:
    """How large the database is, and by how much a day it grows, by its daily partitions."""
    row = connection.execute(
        text("""
            with days as (
                select right(relname, 8) as day, sum(pg_total_relation_size(oid)) as bytes
                from pg_class
                where relispartition and relkind = 'r' and relname ~ '_p[0-9]{8}$'
                group by 1
            )

            select
                pg_database_size(current_database()),
                coalesce(round(sum(bytes) / 7), 0)::bigint
            from days
            where day between to_char(now() - interval '7 days', 'YYYYMMDD')
                and to_char(now() - interval '1 day', 'YYYYMMDD')
        """)
    ).one()
    return Growth(*row)


def last_runs(connection: Connection, flow: str) -> LastRuns | None:
    """How an organization's runs of a flow have ended; None where there was none."""
    c = runs.c
    newest = connection.execute(
        select(c.run_id, c.state).where(c.flow == flow).order_by(c.started_at.desc()).limit(1)
    ).one_or_none()
    if newest is None:
        return None
    completed = connection.execute(
        select(func.max(c.ended_at)).where(c.flow == flow, c.state == "completed")
    ).scalar_one()
    s = run_stages.c
    failed = connection.execute(
        select(s.stage, s.error)
        .where(s.run_id == newest.run_id, s.state == "failed")
        .order_by(s.ended_at.desc())
        .limit(1)
    ).one_or_none()
    return LastRuns(completed, newest.state, *(failed or (None, None)))
