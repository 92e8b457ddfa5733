"""Archives of what is held of a person, and the key that each of them lies under."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from warehouse.tables.columns import instant, metadata, now, org_id, sealed

CONTROL = {"class": "control"}

exports = Table(
    "exports",
    metadata,
    org_id(),
    Column("export_id", Uuid, primary_key=True),
    Column("request_id", Uuid, nullable=False),
    Column("subject", LargeBinary, nullable=False, comment="keyed hash of what names the person"),
    Column("user_ids", ARRAY(BigInteger), comment="whom it is of in Zendesk; until it ends"),
    Column("state", Text, nullable=False, server_default="making"),
    Column("location", Text, comment="the sealed archive's name in its store; until it is deleted"),
    Column("size_bytes", BigInteger),
    Column("sha256", LargeBinary, comment="of the archive as it is handed out"),
    Column("counts", JSONB, comment="records of each kind that are in it"),
    now("made_at"),
    instant("expires_at", nullable=False),
    instant("ended_at"),
    Index(None, "org_id", "request_id"),
    CheckConstraint(
        "state in ('making', 'made', 'fetched', 'expired', 'deleted')",
        name="state",
    ),
    CheckConstraint("(state in ('making', 'made')) = (ended_at is null)", name="ended"),
    schema="app",
    info=CONTROL,
)
export_keys = Table(
    "export_keys",  # gone with the archive: what a copy of it elsewhere holds is lost then
    metadata,
    org_id(),
    Column("export_id", Uuid, primary_key=True),
    sealed(comment="the archive's own key"),
    schema="keys",
    info=CONTROL,
)
