"""Builds of the metric tables: measured beside the published ones, and put in their place at once.

dbt writes the days that it measured into the schema `candidate`. Whoever reads `metrics` sees one
published build, whole: a build that failed, or that its gate refused, changes nothing there.
Every function but `clear` runs in a tenant session of the transformer, which owns the tables.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, Engine, func, inspect, select, text
from sqlalchemy.dialects.postgresql import insert

from warehouse.errors import ConfigurationError
from warehouse.sessions import tenant_session
from warehouse.tables.app import changed_metric_days, metric_builds

# Rows are stamped as they are written and seen when their transaction ends: one that began before a
# build may end after it.
LONGEST_LOAD = timedelta(minutes=15)
WORKED_ON = ("intermediate", "candidate")
COMPACTED_BYTES = 8 * 1024 * 1024  # what Postgres itself finds worth giving back


@dataclass(frozen=True)
class Build:
    """A build: the instant it sees the world as of, when it began, and a hash of its definitions.

    Of `loaded_after`, None means that everything is computed.
    """

    as_of: datetime
    built_at: datetime
    definition: str
    loaded_after: datetime | None


def begin(connection: Connection, *, as_of: datetime, definition: str) -> Build:
    """The build to make. From here on there is no candidate, until `finish`."""
    connection.execute(metric_builds.delete().where(metric_builds.c.state == "candidate"))
    built_at = connection.execute(select(func.clock_timestamp())).scalar_one()
    published = connection.execute(
        select(metric_builds.c.built_at).where(
            metric_builds.c.state == "published", metric_builds.c.definition == definition
        )
    ).scalar_one_or_none()
    loaded_after = None if published is None else published - LONGEST_LOAD
    return Build(as_of, built_at, definition, loaded_after)


def finish(connection: Connection, org_id: UUID, build: Build) -> None:
    """What the schema `candidate` holds is this build, whole."""
    connection.execute(
        metric_builds.insert().values(
            org_id=org_id,
            state="candidate",
            as_of=build.as_of,
            built_at=build.built_at,
            definition=build.definition,
        )
    )


def publish(connection: Connection, org_id: UUID) -> int:
    """Puts the candidate's days in place of the published ones, in every table; the rows of them.

    Done again it changes nothing. Raises: PermanentError where no build is finished.
    """
    statement = select(
        metric_builds.c.as_of, metric_builds.c.built_at, metric_builds.c.definition
    ).where(metric_builds.c.state == "candidate")
    candidate = connection.execute(statement).mappings().one_or_none()
    if candidate is None:
        raise ConfigurationError("no build of the metric tables is finished; run the stage measure")
    rows = sum(_replace_days(connection, table) for table in _tables(connection))
    connection.execute(changed_metric_days.delete())
    published = insert(metric_builds).values(org_id=org_id, state="published", **candidate)
    connection.execute(
        published.on_conflict_do_update(index_elements=["org_id", "state"], set_=dict(candidate))
    )
    return rows


def clear(engine: Engine, org_id: UUID) -> None:
    """Deletes what a build was made of, once it is published. Done again it does nothing.

    Builds read these tables whole, of all organizations: what one leaves there, each later one of
    each organization would read past; and no ticket's row outlives its ticket there. `engine` is
    the transformer's.
    """
    with tenant_session(engine, org_id) as connection:
        candidate = metric_builds.delete().where(metric_builds.c.state == "candidate")
        if not connection.execute(candidate).rowcount:
            return  # nothing was built since
        for name in _worked_on(connection):
            connection.execute(text(f"delete from {name}"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        large = _worked_on(connection, at_least_bytes=COMPACTED_BYTES)
        if large:
            connection.execute(text(f"vacuum {', '.join(large)}"))


def published_as_of(connection: Connection) -> datetime | None:
    """The instant as of which the published tables see the world; None before the first build."""
    instant: datetime | None = connection.execute(
        select(metric_builds.c.as_of).where(metric_builds.c.state == "published")
    ).scalar_one_or_none()
    return instant


def _tables(connection: Connection) -> list[str]:
    return sorted(inspect(connection).get_table_names(schema="candidate"))


def _worked_on(connection: Connection, *, at_least_bytes: int = 0) -> list[str]:
    found = connection.execute(
        text("""
            select format('%I.%I', n.nspname, c.relname)
            from pg_class as c
            inner join pg_namespace as n on c.relnamespace = n.oid
            where
                c.relkind = 'r' and n.nspname = any(:schemas)
                and pg_relation_size(c.oid) >= :bytes
            order by 1
        """),
        {"schemas": list(WORKED_ON), "bytes": at_least_bytes},
    )
    return list(found.scalars())


def _replace_days(connection: Connection, table: str) -> int:
    columns = inspect(connection).get_columns(table, schema="candidate")
    names = ", ".join(f'"{column["name"]}"' for column in columns)
    connection.execute(
        text(f"""
            delete from metrics."{table}" where metric_day in (
                select metric_day from intermediate.int_open_days where is_changed
            )
        """)
    )
    return connection.execute(
        text(f'insert into metrics."{table}" ({names}) select {names} from candidate."{table}"')
    ).rowcount
