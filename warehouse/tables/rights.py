"""The rights of the people in the data: what was asked for, by when, and who must not come back."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary, Table, Text, Uuid
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.columns import instant, key, metadata, now, org_id, sealed

privacy_requests = Table(
    "privacy_requests",
    metadata,
    org_id(),
    Column("request_id", Uuid, primary_key=True, server_default=sql("gen_random_uuid()")),
    Column("kind", Text, nullable=False),
    Column("subject", LargeBinary, nullable=False, comment="keyed hash of what names the person"),
    Column("email_index", LargeBinary, comment="as users and identities have it; until it ends"),
    Column("phone_index", LargeBinary, comment="as users and identities have it; until it ends"),
    Column("zendesk_user_id", BigInteger, comment="until it ends"),
    Column("state", Text, nullable=False, server_default="open"),
    Column("asked_by", Text, nullable=False, comment="the actor who entered it"),
    now("asked_at"),
    instant("due_at", nullable=False),
    Column("approved_by", Text, comment="another than who entered it, for an erasure"),
    instant("approved_at"),
    instant("ended_at"),
    Column("receipt", JSONB, comment="what was done: counts and names of tables, never a value"),
    Index(None, "org_id", "due_at"),
    CheckConstraint("kind in ('access', 'export', 'erase', 'rectify', 'opt_out')", name="kind"),
    CheckConstraint("state in ('open', 'approved', 'done', 'refused')", name="state"),
    CheckConstraint("(state in ('done', 'refused')) = (ended_at is not null)", name="ended"),
    CheckConstraint("(approved_by is null) = (approved_at is null)", name="approved"),
    schema="app",
    info={"class": "control"},
)
tombstones = Table(
    "tombstones",  # whoever was erased: no import brings them back
    metadata,
    org_id(),
    Column("kind", Text, primary_key=True),
    Column("value_hash", LargeBinary, primary_key=True, comment="under a key of its own"),
    Column("request_id", Uuid, nullable=False),
    now("made_at"),
    CheckConstraint("kind in ('user', 'agent', 'email', 'phone')", name="kind"),
    schema="app",
    info={"class": "control"},
)
corrections = Table(
    "corrections",  # what people said of themselves, until their source says the same
    metadata,
    org_id(),
    key("user_id"),
    Column("field", Text, primary_key=True),
    sealed(comment="the value that wins over the source's"),
    Column(
        "value_hash", LargeBinary, nullable=False, comment="keyed: tells when the source agrees"
    ),
    Column("value_index", LargeBinary, comment="as users have it; an e-mail's or telephone's"),
    Column("request_id", Uuid, nullable=False),
    now("made_at"),
    Index(None, "org_id", "value_index"),
    CheckConstraint("field in ('name', 'email', 'phone')", name="field"),
    schema="app",
    info={"class": "control"},
)
