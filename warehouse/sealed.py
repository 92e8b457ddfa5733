"""Sealed values by the data key they lie under: counted, and replaced by new ones.

Every function runs in the organization's tenant session. Where a value lies is read from the
tables themselves: a column made by `columns.sealed` is found, whatever its table.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Table,
    bindparam,
    func,
    literal,
    null,
    select,
    tuple_,
    update,
)

from warehouse.tables import metadata
from warehouse.tables.zendesk import recording_chunks


class Value(NamedTuple):
    """One sealed value: its row's key without the organization, and the row's instant if any."""

    ids: tuple[object, ...]
    changed_at: datetime | None
    sealed: bytes

    @property
    def row_id(self) -> str:
        """What the value is bound to, beside its instant; see tasks/encryption/sealing.py."""
        return "/".join(str(one) for one in self.ids)


@dataclass(frozen=True)
class SealedColumn:
    """A column of sealed values."""

    column: Column[bytes]

    @property
    def table(self) -> Table:
        return self.column.table

    @property
    def name(self) -> str:
        """What its values are bound to: `schema.table.column`."""
        return f"{self.table.fullname}.{self.column.name}"

    @property
    def versioned(self) -> bool:
        """Whether its rows have an instant, and its values lie under the key of that week."""
        return "changed_at" in self.table.primary_key.columns

    def ids(self) -> list[Column[object]]:
        """The row's key without organization and instant."""
        primary = self.table.primary_key.columns
        return [one for one in primary if one.name not in ("org_id", "changed_at")]

    def instant(self) -> ColumnElement[Any]:
        return self.table.c.changed_at if self.versioned else null()


@cache
def sealed_columns() -> tuple[SealedColumn, ...]:
    """Every column of sealed values in the warehouse."""
    return tuple(
        SealedColumn(column)
        for table in metadata.sorted_tables
        for column in table.columns
        if column.info.get("sealed") == "value"
    )


def count_by_key(connection: Connection) -> Counter[tuple[int, str]]:
    """How many values lie under each key in each column."""
    counts: Counter[tuple[int, str]] = Counter()
    for one in sealed_columns():
        key_id = key_id_of(one.column)
        for found, values in connection.execute(select(key_id, func.count()).group_by(key_id)):
            counts[int.from_bytes(found), one.name] += values
    return counts


def count_streams_by_key(connection: Connection) -> Counter[int]:
    """How many recordings that lie in the warehouse are sealed under each key."""
    piece = recording_chunks.c
    key_id = key_id_of(piece.sealed)
    found = select(key_id, func.count()).where(piece.chunk_no == 0).group_by(key_id)
    return Counter({int.from_bytes(one): count for one, count in connection.execute(found)})


def values_under(
    connection: Connection,
    where: SealedColumn,
    key_id: int,
    *,
    week: date | None,
    after: Value | None,
    at_most: int,
) -> list[Value]:
    """The next values under a key, in the order of their rows' keys; locked, or left out if they
    are locked by another.

    `week` is the key's own, which names the partitions to look in.
    """
    ids, instant = where.ids(), where.instant()
    found = select(*ids, instant, where.column)
    found = found.where(key_id_of(where.column) == key_id.to_bytes(4))
    if week is not None:
        found = found.where(_within(where.table.c.changed_at, week))
    if after is not None:
        found = found.where(beyond(where, after))
    order = [*ids, instant] if where.versioned else ids
    rows = connection.execute(
        found.order_by(*order).limit(at_most).with_for_update(skip_locked=True)
    )
    return [Value(tuple(ids), at, bytes(sealed)) for *ids, at, sealed in rows]


def replace_values(connection: Connection, where: SealedColumn, values: Sequence[Value]) -> None:
    """Puts each value in the place of the one that its row holds."""
    rows = [one == bindparam(f"id_{at}") for at, one in enumerate(where.ids())]
    if where.versioned:
        rows.append(where.table.c.changed_at == bindparam("at"))
    connection.execute(
        update(where.table).where(*rows).values({where.column.name: bindparam("value")}),
        [
            {
                "value": value.sealed,
                "at": value.changed_at,
                **{f"id_{at}": one for at, one in enumerate(value.ids)},
            }
            for value in values
        ],
    )


def beyond(where: SealedColumn, value: Value) -> ColumnElement[bool]:
    """The rows that come after a value's, by their keys."""
    keys = list(zip(where.ids(), value.ids, strict=True))
    if where.versioned:
        keys.append((where.table.c.changed_at, value.changed_at))
    return tuple_(*(column for column, _ in keys)) > tuple_(
        *(literal(one, column.type) for column, one in keys)
    )


def key_id_of(column: Column[bytes]) -> ColumnElement[bytes]:
    """The four bytes of the header that name the key; see tasks/encryption/sealing.py."""
    return func.substring(column, 3, 4)


def _within(instant: Column[datetime], week: date) -> ColumnElement[bool]:
    start = datetime(week.year, week.month, week.day, tzinfo=UTC)
    return (instant >= start) & (instant < start + timedelta(days=7))
