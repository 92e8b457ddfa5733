"""Bulk loading: binary COPY into a temporary table, then one merge into the real one.

COPY does not work under row-level security; INSERT … SELECT does, at no measurable cost, and
the policy's WITH CHECK holds for every row. Loading the same rows twice is loading them once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Column, Connection, Table, select, text, update
from sqlalchemy.dialects.postgresql import dialect

from warehouse.errors import DataError
from warehouse.tables.zendesk import comments, tickets, users

# Before the clock of its source began, and beyond what anybody plans.
EARLIEST, LATEST = (datetime(year, 1, 1, tzinfo=UTC) for year in (1970, 2200))
POSTGRES = dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Rows:
    """What one page brings for one table.

    `columns` names them without org_id and loaded_at; `values` holds a tuple for each row.
    """

    table: Table
    columns: tuple[str, ...]
    values: list[tuple[object, ...]]


def merge(connection: Connection, org_id: UUID, rows: Rows) -> int:
    """The number of rows written. Must run inside the organization's tenant session.

    A skeleton row is replaced by one that its source changed later, or at the same instant if
    it differs (instants of the source are whole seconds; what is read later is newer); a column
    that is written once keeps its first value. A row of an append-only table that is there
    already stays as it is.
    """
    if not rows.values:
        return 0
    cursor = _driver(connection).cursor()
    staging = f"load_{rows.table.schema}_{rows.table.name}"
    columns = ("org_id", *rows.columns)
    every = ", ".join(column.name for column in rows.table.columns if column.name != "loaded_at")
    cursor.execute(
        f'create temp table if not exists "{staging}" on commit delete rows '
        f"as select {every} from {rows.table.fullname} with no data"
    )
    cursor.execute(f'truncate "{staging}"')
    copy_rows(cursor, staging, rows, columns, org_id)
    cursor.execute(_merge_statement(rows.table, staging, columns))
    return int(cursor.rowcount)


def with_author_roles(connection: Connection, rows: Rows) -> Rows:
    """Rows of `comments` with the roles that their authors have now: the event's, a run later."""
    at = rows.columns.index("author_id")
    authors = {row[at] for row in rows.values}
    found = connection.execute(
        select(users.c.id, users.c.role).where(users.c.id.in_(authors - {None}))
    )
    roles: dict[object, str | None] = {row.id: row.role for row in found}
    values = [(*row, roles.get(row[at])) for row in rows.values]
    return Rows(rows.table, (*rows.columns, "author_role"), values)


def without_deleted(connection: Connection, rows: Rows) -> Rows:
    """Rows of contents without those of tickets that were deleted or whose person was erased.

    Their words never come in.
    """
    at = rows.columns.index("ticket_id")
    found = connection.execute(
        select(tickets.c.id).where(
            tickets.c.id.in_({row[at] for row in rows.values}),
            (tickets.c.status == "deleted") | tickets.c.erased_at.is_not(None),
        )
    )
    gone = set(found.scalars())
    return replace(rows, values=[row for row in rows.values if row[at] not in gone])


def fill_author_roles(connection: Connection) -> int:
    """Notes the roles of authors who were loaded after their comments; how many comments."""
    done = connection.execute(
        update(comments)
        .where(comments.c.author_role.is_(None), comments.c.author_id == users.c.id)
        .where(users.c.role.is_not(None))
        .values(author_role=users.c.role)
    )
    return done.rowcount


def load(
    connection: Connection, org_id: UUID, rows: Rows, *, as_of: datetime, whole: bool = True
) -> int:
    """As `merge`; where the table keeps versions, as `snapshot`."""
    if rows.table is comments and rows.values:
        rows = with_author_roles(connection, rows)
    if rows.table.info["class"] == "content" and "ticket_id" in rows.columns and rows.values:
        rows = without_deleted(connection, rows)
    if "valid_to" in rows.table.columns:
        return snapshot(connection, org_id, rows, as_of=as_of, whole=whole)
    return merge(connection, org_id, rows)


def snapshot(
    connection: Connection, org_id: UUID, rows: Rows, *, as_of: datetime, whole: bool = True
) -> int:
    """The number of versions begun. `rows` is what the source has now, all of it if `whole`.

    A definition that changed ends its version at `as_of` and begins another; one that vanished from
    a whole list ends. The source keeps no history: this table is it.
    """
    table = rows.table
    present = {row[0]: row[1:] for row in _by_id(rows)}
    open_versions = {
        row.id: row.version
        for row in connection.execute(
            select(table.c.id, table.c.version).where(table.c.valid_to.is_(None))
        )
    }
    ended = [
        key
        for key, version in open_versions.items()
        if present.get(key, () if whole else (version,)) != (version,)
    ]
    connection.execute(
        update(table)
        .where(table.c.id.in_(ended), table.c.valid_to.is_(None))
        .values(valid_to=as_of)
    )
    begun = [
        (*row, as_of)
        for row in rows.values
        if open_versions.get(row[0]) != row[rows.columns.index("version")]
    ]
    return merge(connection, org_id, Rows(table, (*rows.columns, "valid_from"), begun))


def _by_id(rows: Rows) -> list[tuple[object, ...]]:
    at = rows.columns.index("version")
    return [(row[0], row[at]) for row in rows.values]


def link_merged_tickets(connection: Connection, ticket_ids: list[int]) -> None:
    """Notes on each ticket which one it was merged into, from the events loaded."""
    connection.execute(
        text("""
            update zendesk.tickets as t
            set merged_into_id = e.value::bigint
            from zendesk.audit_events as e
            where
                e.ticket_id = t.id and t.id = any(:ids) and e.event_type = 'Merge'
                and t.merged_into_id is distinct from e.value::bigint
        """),
        {"ids": ticket_ids},
    )


def _driver(connection: Connection) -> "psycopg.Connection[Any]":
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("bulk loading needs psycopg")
    return driver


def copy_rows(
    cursor: psycopg.Cursor[Any], staging: str, rows: Rows, columns: tuple[str, ...], org_id: UUID
) -> None:
    """Copies rows in binary into a table that has no policy."""
    names = ", ".join(columns)
    types = [_type_name(rows.table.columns[name]) for name in columns]
    _check_instants(rows, [at for at, name in enumerate(types[1:]) if name == "timestamptz"])
    with cursor.copy(f'copy "{staging}" ({names}) from stdin with (format binary)') as copy:
        copy.set_types(types)
        for row in rows.values:
            copy.write_row((org_id, *row))


def _check_instants(rows: Rows, places: list[int]) -> None:
    """Raises: DataError for an instant that no desk has. Some of them would never be read again."""
    for row in rows.values:
        for at in places:
            if row[at] is not None and not EARLIEST <= row[at] < LATEST:  # type: ignore[operator]
                raise DataError(f"an instant of {rows.table.fullname} is none of a desk's")


def _type_name(column: "Column[Any]") -> str:
    name = column.type.compile(POSTGRES).lower()
    return {"timestamp with time zone": "timestamptz", "double precision": "float8"}.get(name, name)


def _merge_statement(table: Table, staging: str, columns: tuple[str, ...]) -> str:
    key = [column.name for column in table.primary_key]
    names = ", ".join(columns)
    newest = ", ".join([*key, "changed_at desc"])
    return (
        f"insert into {table.fullname} as t ({names}) "
        f"select distinct on ({', '.join(key)}) {names} "
        f'from "{staging}" order by {newest} '
        f"on conflict ({', '.join(key)}) {_on_conflict(table, key, columns)}"
    )


def _on_conflict(table: Table, key: list[str], columns: Iterable[str]) -> str:
    if table.info.get("partitioned"):
        return "do nothing"
    once = [name for name in columns if table.columns[name].info.get("once")]
    changed = [name for name in columns if name not in key and name not in once]
    assignments = ", ".join(
        [f"{name} = excluded.{name}" for name in changed]
        + [f"{name} = coalesce(t.{name}, excluded.{name})" for name in once]
    )
    mine = ", ".join(f"t.{name}" for name in changed)
    theirs = ", ".join(f"excluded.{name}" for name in changed)
    return (
        f"do update set {assignments}, loaded_at = excluded.loaded_at "
        "where excluded.changed_at > t.changed_at "
        f"or (excluded.changed_at = t.changed_at and ({mine}) is distinct from ({theirs}))"
    )
