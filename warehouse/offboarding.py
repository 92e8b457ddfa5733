"""An organization's end: asked for, approved, done table by table, and proven.

Every function runs in the organization's tenant session. What proves the end stays: the row in
`app.offboardings`, and the audit trail until its clock.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, cast, func, inspect, literal, null, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from warehouse.tables import DBT_SCHEMAS, metadata
from warehouse.tables.app import members, organizations
from warehouse.tables.offboarding import offboardings

ROWS_AT_ONCE = 50_000
PROOF = "app.offboardings"
# Until all else is gone, whoever may end the organization must still be a member of one.
LAST = (members, organizations)
TENANTED = text("""
    select n.nspname || '.' || c.relname as name from pg_class as c
    inner join pg_namespace as n on c.relnamespace = n.oid
    inner join pg_attribute as a on c.oid = a.attrelid and a.attname = 'org_id'
    where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
    order by 1
""")


@dataclass(frozen=True)
class Offboarding:
    """An organization's end, as far as it is."""

    slug: str
    asked_by: str
    asked_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    steps: Mapping[str, Any]
    ended_at: datetime | None
    certificate: Mapping[str, Any] | None


def find(connection: Connection) -> Offboarding | None:
    """The end that was asked for, if any."""
    table = offboardings.c
    row = connection.execute(
        select(
            table.slug,
            table.asked_by,
            table.asked_at,
            table.approved_by,
            table.approved_at,
            table.steps,
            table.ended_at,
            table.certificate,
        )
    ).one_or_none()
    return None if row is None else Offboarding(*row)


def ask(connection: Connection, org_id: UUID, slug: str, *, asked_by: str) -> bool:
    """Asks for the end; False where that was done before."""
    statement = insert(offboardings).values(org_id=org_id, slug=slug, asked_by=asked_by)
    return connection.execute(statement.on_conflict_do_nothing()).rowcount == 1


def approve(connection: Connection, *, approved_by: str) -> bool:
    """Whether it was asked for by another and is approved now."""
    done = connection.execute(
        update(offboardings)
        .where(offboardings.c.approved_by.is_(None), offboardings.c.asked_by != approved_by)
        .values(approved_by=approved_by, approved_at=func.clock_timestamp())
    )
    return done.rowcount == 1


def reopen(connection: Connection) -> None:
    """Lets an end be done again, on the same two words: a backup brought the organization back."""
    connection.execute(
        update(offboardings).values(ended_at=None, certificate=null(), steps=literal({}, JSONB))
    )


def note(connection: Connection, **steps: object) -> None:
    """Keeps what steps did; what they did first, where they are done again."""
    told = cast(literal(steps, JSONB), JSONB)
    connection.execute(update(offboardings).values(steps=told.op("||")(offboardings.c.steps)))


def stays(name: str) -> bool:
    """Whether a table keeps its rows: the proof does, and the audit trail until its clock."""
    return name == PROOF or name.startswith("audit.")


def rows_left(connection: Connection) -> dict[str, int]:
    """How many rows the organization has in each table that the catalog knows, where it has any.

    What stays is left out.
    """
    counts = {
        name: connection.execute(text(f"select count(*) from {name}")).scalar_one()
        for name in connection.execute(TENANTED).scalars()
        if not stays(name)
    }
    return {name: count for name, count in counts.items() if count}


def own_tables() -> Sequence[str]:
    """The tables to empty, those that refer to others before them."""
    return [
        table.fullname
        for table in reversed(metadata.sorted_tables)
        if "org_id" in table.columns and table not in LAST and not stays(table.fullname)
    ]


def delete_some(connection: Connection, name: str) -> int:
    """Deletes up to `ROWS_AT_ONCE` rows of a table; how many. None of an end nobody approved."""
    statement = text("select app.delete_rows(cast(:name as regclass), :at_most)")
    deleted = connection.execute(statement, {"name": name, "at_most": ROWS_AT_ONCE})
    return int(deleted.scalar_one())


def delete_metrics(connection: Connection) -> Iterator[tuple[str, int]]:
    """Deletes what dbt made: (table, rows). In a session of the transformer, who owns it."""
    inspector = inspect(connection)
    for schema in DBT_SCHEMAS:
        for name in sorted(inspector.get_table_names(schema=schema)):
            deleted = connection.execute(text(f'delete from {schema}."{name}"')).rowcount
            if deleted:
                yield f"{schema}.{name}", deleted


def delete_last(connection: Connection) -> None:
    """Deletes the members and the organization itself."""
    for table in LAST:
        connection.execute(table.delete())


def finish(connection: Connection, certificate: Mapping[str, Any]) -> None:
    """Ends it, with what proves it."""
    connection.execute(
        update(offboardings).values(ended_at=func.clock_timestamp(), certificate=dict(certificate))
    )
