"""The organization's own documents: plain text under RLS, kept until removed."""

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from warehouse.tables.columns import instant, metadata, now, org_id

documents = Table(
    "documents",
    metadata,
    org_id(),
    Column("document_id", Text, primary_key=True, comment="source and its own id"),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("locale", Text),
    Column("url", Text),
    Column("version", LargeBinary, nullable=False, comment="SHA-256 of title and body"),
    instant("changed_at", nullable=False),
    now("loaded_at"),
    CheckConstraint("kind in ('article', 'sop')", name="kind"),
    schema="knowledge",
    info={"class": "knowledge"},
)
versions = Table(
    "versions",
    metadata,
    org_id(),
    Column("document_id", Text, primary_key=True),
    Column("version", LargeBinary, primary_key=True, comment="SHA-256 of title and body"),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    now("first_seen_at"),
    Column(
        "present_since",
        DateTime(timezone=True),
        nullable=False,
        server_default=text("clock_timestamp()"),
        comment="when it last became what the document says",
    ),
    schema="knowledge",
    info={"class": "knowledge"},
)
chunks = Table(
    "chunks",
    metadata,
    org_id(),
    Column("document_id", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("chunk_no", Integer, primary_key=True, autoincrement=False),
    Column("version", LargeBinary, nullable=False, comment="of the document"),
    Column("heading_path", ARRAY(Text), nullable=False),
    Column("body", Text, nullable=False),
    Column("dimension", Integer, nullable=False),
    Column("embedding", HALFVEC, nullable=False, comment="L2-normalised"),
    Column(
        "words",
        TSVECTOR,
        Computed("to_tsvector('english', body)", persisted=True),
    ),
    now("loaded_at"),
    schema="knowledge",
    info={"class": "knowledge"},
)
