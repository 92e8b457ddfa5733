"""The columns that tables share, so that each class of data is declared in one way."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.schema import SchemaItem

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def org_id() -> Column[Any]:
    """The tenant: first in every primary key and index."""
    return Column("org_id", Uuid, primary_key=True)


def key(name: str) -> Column[int]:
    """A source's own id, part of the primary key."""
    return Column(name, BigInteger, primary_key=True, autoincrement=False)


def instant(name: str, *, nullable: bool = True) -> Column[Any]:
    """An instant in time, UTC."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def erased() -> Column[Any]:
    """When a person's words were taken out of what this row stands for: none come in again."""
    return Column("erased_at", DateTime(timezone=True), comment="its person was erased: no words")


def now(name: str, *, primary_key: bool = False) -> Column[Any]:
    """An instant that the warehouse sets when the row is written."""
    return Column(
        name,
        DateTime(timezone=True),
        nullable=False,
        primary_key=primary_key,
        server_default=text("clock_timestamp()"),
    )


def valid_from() -> Column[Any]:
    """When a snapshot first saw this version; the source has no history of its own."""
    return Column("valid_from", DateTime(timezone=True), primary_key=True)


def skeleton(
    name: str, *columns: SchemaItem, schema: str = "zendesk", watched: bool = False
) -> Table:
    """A table of ids, states, instants and flags: upserted where `changed_at` is newer.

    A build of the metric tables asks one that is `watched` for what was loaded since the last.
    """
    return Table(
        name,
        metadata,
        org_id(),
        *columns,
        instant("changed_at", nullable=False),
        now("loaded_at"),
        *([Index(None, "org_id", "loaded_at")] if watched else []),
        schema=schema,
        info={"class": "skeleton"},
    )


def content(name: str, *columns: SchemaItem, schema: str = "zendesk") -> Table:
    """An append-only table of sealed personal data, in daily partitions by `changed_at`.

    `changed_at` is the record's last change in its source: the partition of that day is
    dropped when the organization's clock has run, and its week's key destroyed with it.
    """
    return Table(
        name,
        metadata,
        org_id(),
        *columns,
        Column("changed_at", DateTime(timezone=True), primary_key=True),
        now("loaded_at"),
        schema=schema,
        info={"class": "content", "partitioned": True},
        postgresql_partition_by="range (changed_at)",
    )


def sealed(name: str = "sealed", *, comment: str | None = None) -> Column[bytes]:
    """AES-256-GCM ciphertext in the format of tasks/encryption/sealing.py.

    One value a row, bound to `schema.table.column`, the row's key and its `changed_at`.
    """
    return Column(name, LargeBinary, nullable=False, comment=comment, info={"sealed": "value"})


def sealed_piece(name: str = "sealed") -> Column[bytes]:
    """A piece of a stream that several rows hold, in the format of tasks/encryption/streams.py."""
    return Column(name, LargeBinary, nullable=False, info={"sealed": "piece"})


def flag(name: str) -> Column[Any]:
    """A text column of a closed vocabulary, which the source defines and may extend."""
    return Column(name, Text)
