"""Backfills: what was asked for, and how far each of its days has come."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Table,
    Text,
    Uuid,
)
from sqlalchemy import text as sql

from warehouse.tables.columns import instant, metadata, now, org_id

backfills = Table(
    "backfills",
    metadata,
    org_id(),
    Column("backfill_id", Uuid, primary_key=True, server_default=sql("gen_random_uuid()")),
    Column("from_day", Date, nullable=False),
    Column("to_day", Date, nullable=False, comment="the last day, itself too"),
    Column("stages", Text, nullable=False, comment="their names, in order, with commas"),
    Column("asked_by", Text, nullable=False),
    now("asked_at"),
    instant("ended_at"),
    CheckConstraint("from_day <= to_day", name="range"),
    schema="app",
    info={"class": "control"},
)
backfill_windows = Table(
    "backfill_windows",
    metadata,
    org_id(),
    Column("backfill_id", Uuid, primary_key=True),
    Column("metric_day", Date, primary_key=True, comment="in the organization's time zone"),
    Column("past_clock", Boolean, nullable=False, comment="what it loads ends with it"),
    Column("state", Text, nullable=False, comment="kept: measured before, left as it is"),
    now("changed_at"),
    Index(None, "org_id", "metric_day"),
    CheckConstraint("state in ('pending', 'measured', 'done', 'kept')", name="state"),
    schema="app",
    info={"class": "control"},
)
