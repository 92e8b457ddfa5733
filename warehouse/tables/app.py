"""The control plane: organizations, connections, watermarks, runs, outbox, quarantine."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Double,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.columns import content, instant, metadata, now, org_id, sealed

CONTROL = {"class": "control"}

organizations = Table(
    "organizations",
    metadata,
    org_id(),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("timezone", Text, nullable=False, server_default="UTC"),
    Column("retention_days", Integer, nullable=False, server_default="30"),
    Column("audit_retention_days", Integer, nullable=False, server_default="90"),
    now("created_at"),
    UniqueConstraint("slug"),
    CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name="slug"),
    CheckConstraint("retention_days between 1 and 3650", name="retention_days"),
    CheckConstraint("audit_retention_days between 30 and 3650", name="audit_retention_days"),
    schema="app",
    info=CONTROL,
)
members = Table(
    "members",
    metadata,
    org_id(),
    Column("user_id", Uuid, primary_key=True),
    Column("role", Text, nullable=False),
    now("added_at"),
    CheckConstraint(
        "role in ('owner', 'admin', 'analyst', 'viewer', 'privacy_officer')", name="role"
    ),
    schema="app",
    info=CONTROL,
)
logins = Table(
    "logins",
    metadata,
    org_id(),
    Column("login", Text, primary_key=True, comment="a Postgres role of this organization only"),
    now("granted_at"),
    UniqueConstraint("login"),
    schema="app",
    info=CONTROL,
)
connections = Table(
    "connections",
    metadata,
    org_id(),
    Column("provider", Text, primary_key=True),
    Column("base_url", Text, nullable=False),
    Column("account", Text, nullable=False, comment="subdomain, or the Slack channel"),
    Column("client_id", Text),
    Column("scopes", Text),
    Column("credentials", LargeBinary, nullable=False, comment="sealed: secret and tokens"),
    Column("expires_at", instant("expires_at").type),
    now("connected_at"),
    CheckConstraint("provider in ('zendesk', 'slack')", name="provider"),
    schema="app",
    info=CONTROL,
)
watermarks = Table(
    "watermarks",
    metadata,
    org_id(),
    Column("source", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("cursor", Text, nullable=False, comment="verbatim from the source"),
    Column("done", Integer, nullable=False, comment="rows loaded since the beginning"),
    now("moved_at"),
    schema="app",
    info=CONTROL,
)
runs = Table(
    "runs",
    metadata,
    org_id(),
    Column("run_id", Uuid, primary_key=True),
    Column("flow", Text, nullable=False),
    instant("as_of", nullable=False),
    Column("state", Text, nullable=False, server_default="running"),
    now("started_at"),
    instant("ended_at"),
    Index(None, "org_id", "started_at"),
    CheckConstraint("state in ('running', 'completed', 'failed')", name="state"),
    schema="app",
    info=CONTROL,
)
run_stages = Table(
    "run_stages",
    metadata,
    org_id(),
    Column("run_id", Uuid, primary_key=True),
    Column("stage", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("rows_in", BigInteger, nullable=False, server_default="0"),
    Column("rows_out", BigInteger, nullable=False, server_default="0"),
    Column("quarantined", BigInteger, nullable=False, server_default="0"),
    Column("seconds", Double, nullable=False),
    Column("error", Text, comment="the class of the error, never its values"),
    now("ended_at"),
    CheckConstraint("state in ('completed', 'failed')", name="state"),
    schema="app",
    info=CONTROL,
)
outbox = Table(
    "outbox",
    metadata,
    org_id(),
    Column("message_key", Text, primary_key=True, comment="what must be said at most once"),
    Column("channel", Text, nullable=False),
    Column("blocks", JSONB, nullable=False, comment="no personal data"),
    Column("fallback", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("slack_ts", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    now("created_at"),
    instant("posted_at"),
    CheckConstraint("state in ('pending', 'sending', 'posted', 'refused')", name="state"),
    schema="app",
    info={"class": "skeleton"},
)
metric_day_seals = Table(
    "metric_day_seals",
    metadata,
    org_id(),
    Column("metric_day", Date, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("checksum", Text, nullable=False),
    now("sealed_at"),
    schema="app",
    info=CONTROL,
)
quarantine = content(
    "quarantine",
    Column("quarantine_id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("stream", Text, nullable=False),
    Column("record_id", Text),
    Column("reason", Text, nullable=False, comment="a code, never a value"),
    sealed(),
    Index(None, "org_id", "stream"),
    schema="app",
)
