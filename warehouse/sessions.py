"""The doors to the warehouse: engines that show no values, and sessions of one tenant."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from uuid import UUID

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from warehouse.errors import (
    ConfigurationError,
    DataError,
    PermanentError,
    TransientError,
    VensorError,
)
from warehouse.vectors import register_vectors

# What opens one organization's transactions, one after another.
Sessions = Callable[[], AbstractContextManager[Connection]]
# SQLSTATE classes: a value out of range or malformed, a constraint that it breaks, a text that is
# too long for an index.
BAD_VALUES = {"22", "23", "54"}
ALIVE = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"


@dataclass(frozen=True)
class Logins:
    """One URL for each kind of work. SQLAlchemy's `repr` of a URL hides its password."""

    migrator: URL
    loader: URL
    transformer: URL


@dataclass(frozen=True)
class Organization:
    """A tenant, as its own settings say."""

    org_id: UUID
    slug: str
    name: str
    timezone: str
    retention_days: int
    audit_retention_days: int


def engine_for(url: URL, *, application: str = "vensor") -> Engine:
    """An engine whose errors name no parameters and whose waits end.

    A lock is waited for at most a minute and a statement runs at most half an hour: a run that
    hangs on the warehouse would otherwise hold its organization's place for ever. So would a
    machine that is gone without a word, for the two hours that systems are used to: each side asks
    whether the other is there after half a minute of silence, and gives up after another.
    """
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={
            "application_name": application,
            "connect_timeout": 10,
            "options": f"-c lock_timeout=60s -c statement_timeout=30min -c timezone=UTC {ALIVE}",
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
        },
    )
    event.listen(engine, "connect", lambda connection, _record: register_vectors(connection))
    return engine


@contextmanager
def tenant_session(engine: Engine, org_id: UUID) -> Iterator[Connection]:
    """One transaction that sees and writes the rows of one organization and no other.

    Committed at the end, rolled back on any exception. The setting ends with the transaction.

    Raises: TransientError and PermanentError in place of the driver's own, which quote values.
    """
    with translated_errors(), engine.begin() as connection:
        connection.execute(
            text("select set_config('app.org_id', :org_id, true)"), {"org_id": str(org_id)}
        )
        yield connection


@contextmanager
def rehearsal(engine: Engine, org_id: UUID) -> Iterator[Sessions]:
    """Sessions that see what each other wrote, and of which nothing stays."""
    with tenant_session(engine, org_id) as connection:
        undone = connection.begin_nested()
        yield lambda: nullcontext(connection)
        undone.rollback()


def directory(engine: Engine) -> list[Organization]:
    """Every organization of this warehouse, by slug."""
    with translated_errors(), engine.begin() as connection:
        rows = connection.execute(text("select * from app.directory() order by slug"))
        return [Organization(**row._mapping) for row in rows]


def find_organization(engine: Engine, slug: str) -> Organization:
    """The organization with this slug. Raises: ConfigurationError naming those there are."""
    known = directory(engine)
    for organization in known:
        if organization.slug == slug:
            return organization
    slugs = ", ".join(organization.slug for organization in known) or "none yet"
    raise ConfigurationError(
        f"no organization {slug!r} (there are: {slugs}); `vensor org add` adds one"
    )


@contextmanager
def translated_errors() -> Iterator[None]:
    """Lets the driver's errors out as ours, by SQLSTATE and constraint, without their values."""
    try:
        yield
    except DBAPIError as error:
        raise _translated(error.orig) from None
    except psycopg.Error as error:  # bulk loading speaks to the driver itself
        raise _translated(error) from None


def _translated(error: BaseException | None) -> VensorError:
    diagnosis = getattr(error, "diag", None)
    state = getattr(error, "sqlstate", None)
    constraint = getattr(diagnosis, "constraint_name", None)
    table = getattr(diagnosis, "table_name", None)
    told = f"the warehouse refused (SQLSTATE {state}, table {table}, constraint {constraint})"
    if isinstance(error, psycopg.DataError) or (state is not None and state[:2] in BAD_VALUES):
        return DataError(told)
    if state is None or state[:2] in {"08", "40", "53", "57"} or state in {"55P03", "25P03"}:
        return TransientError(f"the warehouse is not reachable or busy (SQLSTATE {state})")
    if state in {"42P01", "42883"}:
        return ConfigurationError(
            "a table or function of the warehouse is missing; run `vensor init`"
        )
    return PermanentError(told)
