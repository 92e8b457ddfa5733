"""What leaves for others, and whose words models must not read."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)

from warehouse.tables.audit import event_no
from warehouse.tables.columns import metadata, now, org_id

outbound = Table(
    "outbound",
    metadata,
    org_id(),
    Column(
        "sent_at",
        DateTime(timezone=True),
        primary_key=True,
        server_default=text("clock_timestamp()"),
        comment="just before it was sent",
    ),
    Column("sending_id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("recipient", Text, nullable=False, comment="the host that it was sent to"),
    Column("purpose", Text, nullable=False),
    Column("model", Text),
    Column("ticket_ids", ARRAY(BigInteger), nullable=False, comment="whose words are in it"),
    Column("items", Integer, nullable=False, comment="texts, stretches of speech or messages"),
    Column("payload_bytes", BigInteger, nullable=False),
    Column("audio_seconds", Double),
    event_no(),
    CheckConstraint("payload_bytes >= 0", name="payload_bytes"),
    CheckConstraint("event_no > 0", name="event_no"),
    Index(None, "org_id", "event_no"),
    schema="audit",
    info={"class": "audit", "partitioned": True},
    postgresql_partition_by="range (sent_at)",
)
ai_opt_outs = Table(
    "ai_opt_outs",
    metadata,
    org_id(),
    Column(
        "subject",
        LargeBinary,
        primary_key=True,
        comment="keyed hash of what names the person, as their requests have it",
    ),
    Column("email_index", LargeBinary, comment="as users and their identities have it"),
    Column("phone_index", LargeBinary, comment="as users and their identities have it"),
    Column("zendesk_user_id", BigInteger),
    now("asked_at"),
    CheckConstraint("num_nonnulls(email_index, phone_index, zendesk_user_id) = 1", name="named"),
    schema="app",
    info={"class": "control"},
)
