"""Organizations that leave: asked for by one, approved by another, proven when done."""

from sqlalchemy import CheckConstraint, Column, Table, Text
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.columns import instant, metadata, now, org_id

offboardings = Table(
    "offboardings",  # stays when all else of the organization is gone: it is what proves it
    metadata,
    org_id(),
    Column("slug", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    now("asked_at"),
    Column("approved_by", Text, comment="another than who asked"),
    instant("approved_at"),
    Column(
        "steps",
        JSONB,
        nullable=False,
        server_default=sql("'{}'"),
        comment="what each step did: counts, instants, names of tables",
    ),
    instant("ended_at"),
    Column("certificate", JSONB, comment="signed; holds no value of a row"),
    CheckConstraint("approved_by <> asked_by", name="four_eyes"),
    CheckConstraint("(approved_by is null) = (approved_at is null)", name="approved"),
    CheckConstraint("(ended_at is null) = (certificate is null)", name="ended"),
    CheckConstraint("ended_at is null or approved_at is not null", name="ended_approved"),
    schema="app",
    info={"class": "audit"},
)
