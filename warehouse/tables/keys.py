"""Wrapped data keys. This schema stays out of long-lived backups."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, LargeBinary, Table, Text
from sqlalchemy import text as sql

from warehouse.tables.columns import instant, metadata, now, org_id

org_keys = Table(
    "org_keys",
    metadata,
    org_id(),
    Column("key_id", BigInteger, primary_key=True, autoincrement=False),
    Column("purpose", Text, nullable=False),
    Column("week", Date, comment="Monday of the content's week; NULL for the long-lived key"),
    Column("wrapped", LargeBinary, comment="the data key under the KEK; NULL once destroyed"),
    Column("kek_uri", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="active"),
    Column("sealed_count", BigInteger, nullable=False, server_default="0"),
    now("created_at"),
    instant("retired_at"),
    instant("emptied_at"),
    instant("destroyed_at"),
    Index(
        "uq_org_keys_active",
        "org_id",
        "purpose",
        sql("coalesce(week, 'infinity'::date)"),
        unique=True,
        postgresql_where=sql("state = 'active'"),
    ),
    CheckConstraint("purpose in ('organization', 'index', 'content', 'hold')", name="purpose"),
    CheckConstraint("state in ('active', 'retired', 'destroyed')", name="state"),
    CheckConstraint("(wrapped is null) = (state = 'destroyed')", name="wrapped"),
    CheckConstraint("key_id between 1 and 4294967295", name="key_id"),
    schema="keys",
    info={"class": "keys"},
)
