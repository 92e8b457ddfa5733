"""Who did what to whose data, and why. Daily partitions, dropped after 90 days."""

from sqlalchemy import Column, DateTime, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.columns import metadata, org_id

events = Table(
    "events",
    metadata,
    org_id(),
    Column(
        "happened_at",
        DateTime(timezone=True),
        primary_key=True,
        server_default=text("clock_timestamp()"),
    ),
    Column("event_id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("details", JSONB, nullable=False, comment="ids and counts, never a value"),
    schema="audit",
    info={"class": "audit", "partitioned": True},
    postgresql_partition_by="range (happened_at)",
)
