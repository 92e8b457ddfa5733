"""Who did what to whose data, and why; and the seals over it.

Rows lie in daily partitions, dropped after 90 days. Their seals stay.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.columns import instant, metadata, now, org_id


def event_no() -> Column[Any]:
    """The place of a row in the trail, given to it by a trigger: who writes cannot choose it."""
    return Column("event_no", BigInteger, nullable=False, comment="the order of the trail")


events = Table(
    "events",
    metadata,
    org_id(),
    now("happened_at", primary_key=True),
    Column("event_id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("details", JSONB, nullable=False, comment="ids and counts, never a value"),
    event_no(),
    CheckConstraint("event_no > 0", name="event_no"),
    Index(None, "org_id", "event_no"),
    schema="audit",
    info={"class": "audit", "partitioned": True},
    postgresql_partition_by="range (happened_at)",
)
seals = Table(
    "seals",
    metadata,
    org_id(),
    Column("seal_no", Integer, primary_key=True, autoincrement=False),
    Column("day", Date, nullable=False, comment="of the rows under it, UTC"),
    Column("after_no", BigInteger, nullable=False, comment="its rows have higher numbers"),
    Column("through_no", BigInteger, nullable=False, comment="and none higher than this"),
    instant("sealed_at", nullable=False),
    instant("first_at", nullable=False),
    instant("last_at", nullable=False),
    Column("events", Integer, nullable=False),
    Column(
        "digests",
        LargeBinary,
        comment="16 bytes of each row's SHA-256, in order; until its time is over",
    ),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the digests"),
    Column("expired_no", Integer, nullable=False, comment="the rows of seals up to it are over"),
    Column("previous", LargeBinary, nullable=False, comment="SHA-256 of the seal before"),
    Column("mac", LargeBinary, nullable=False, comment="under a key of the organization"),
    CheckConstraint("events > 0", name="events"),
    CheckConstraint("after_no < through_no", name="numbers"),
    schema="audit",
    info={"class": "audit"},
)
