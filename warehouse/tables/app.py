"""The control plane: organizations, connections, watermarks, runs, outbox, quarantine."""

from sqlalchemy import (
    BigInteger,
    Boolean,
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
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from warehouse.tables.columns import content, instant, metadata, now, org_id, sealed

CONTROL = {"class": "control"}
MESSAGE_STATES = "'pending', 'sending', 'posted', 'refused', 'retracting', 'retracted'"
PICTURE_STATES = "'waiting', 'uploading', 'uploaded', 'shared', 'left_out'"

organizations = Table(
    "organizations",
    metadata,
    org_id(),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("timezone", Text, nullable=False, server_default="UTC"),
    Column("retention_days", Integer, nullable=False, server_default="30"),
    Column("audit_retention_days", Integer, nullable=False, server_default="90"),
    Column("agent_retention_days", Integer, nullable=False, server_default="90"),
    Column(
        "upstream_recordings",
        Text,
        nullable=False,
        server_default="keep",
        comment="what becomes of a recording in Zendesk when its clock ends here",
    ),
    now("created_at"),
    UniqueConstraint("slug"),
    CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name="slug"),
    CheckConstraint("retention_days between 1 and 3650", name="retention_days"),
    CheckConstraint("audit_retention_days between 30 and 3650", name="audit_retention_days"),
    CheckConstraint("agent_retention_days between 1 and 3650", name="agent_retention_days"),
    CheckConstraint("upstream_recordings in ('keep', 'delete')", name="upstream_recordings"),
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
    Index(None, "user_id"),
    schema="app",
    info=CONTROL,
)
authorizations = Table(
    "authorizations",  # what a member allowed one flow run to do, once and soon
    metadata,
    org_id(),
    Column("token_hash", LargeBinary, primary_key=True, comment="SHA-256 of what was handed out"),
    Column("operation", Text, nullable=False),
    Column("as_of", instant("as_of").type, comment="the instant that was asked for, if any"),
    Column("user_id", Uuid, nullable=False, comment="the member who asked"),
    now("created_at"),
    instant("expires_at", nullable=False),
    instant("used_at"),
    Column("flow_run_id", Uuid, comment="the run that used it, whose retries go through"),
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
    sealed("credentials", comment="sealed: secret and tokens"),
    Column("expires_at", instant("expires_at").type),
    now("connected_at"),
    CheckConstraint("provider in ('zendesk', 'slack', 'slack_buttons')", name="provider"),
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
stream_modes = Table(
    "stream_modes",
    metadata,
    org_id(),
    Column("source", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("mode", Text, nullable=False, comment="how the stream is read"),
    Column("export", Text, nullable=False, comment="what the last probe of each way found"),
    Column("list", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default="", comment="for people; no value"),
    instant("probed_at", nullable=False),
    CheckConstraint("mode in ('export', 'list', 'off')", name="mode"),
    CheckConstraint("export in ('works', 'refused', 'broken', 'none')", name="export"),
    CheckConstraint("list in ('works', 'refused', 'broken', 'none')", name="list"),
    schema="app",
    info=CONTROL,
)
unknown_fields = Table(
    "unknown_fields",
    metadata,
    org_id(),
    Column("kind", Text, primary_key=True),
    Column("field", Text, primary_key=True, comment="the name only: no value is kept"),
    Column("records", BigInteger, nullable=False),
    now("first_seen_at"),
    now("last_seen_at"),
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
    Column("thread_of", Text, comment="the key of the message that this one answers"),
    Column("thread_ts", Text, comment="where that one stood when this was sent"),
    Column(
        "edits", Integer, nullable=False, server_default="0", comment="how often it was changed"
    ),
    Column(
        "edits_said",
        Integer,
        nullable=False,
        server_default="0",
        comment="how many of these changes Slack has",
    ),
    Column("attempts", Integer, nullable=False, server_default="0"),
    now("created_at"),
    instant("posted_at"),
    instant("refused_at"),
    Column(
        "trend",
        JSONB(none_as_null=True),
        comment="counts by day, of which its picture is drawn",
    ),
    Column("picture_state", Text),
    Column("file_id", Text, comment="of the picture, in Slack"),
    CheckConstraint(f"state in ({MESSAGE_STATES})", name="state"),
    CheckConstraint(f"picture_state in ({PICTURE_STATES})", name="picture_state"),
    schema="app",
    info={"class": "skeleton"},
)
account_budgets = Table(
    "account_budgets",  # of no tenant: what an account's limits leave, for whoever asks it
    metadata,
    Column(
        "account_key", LargeBinary, primary_key=True, comment="SHA-256 of the account's base URL"
    ),
    Column("bucket", Text, primary_key=True),
    Column(
        "paths",
        ARRAY(Text),
        nullable=False,
        server_default="{}",
        comment="kinds of paths that spend it, without ids",
    ),
    Column("total", Integer, comment="a window's limit, as told"),
    Column("remaining", Integer, comment="in this window, as told"),
    Column(
        "told",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="whether an answer has told of this window yet",
    ),
    Column("window_no", BigInteger, nullable=False, server_default="0"),
    Column(
        "window_seconds",
        Integer,
        nullable=False,
        server_default="60",
        comment="Zendesk's windows are a minute; longer where one is told",
    ),
    Column("leased", Integer, nullable=False, server_default="0"),
    Column(
        "carried",
        Integer,
        nullable=False,
        server_default="0",
        comment="leases of the window before, unanswered when it ended",
    ),
    instant("carried_until"),
    Column(
        "resets_at",
        instant("resets_at").type,
        comment="when this window has ended at the latest",
    ),
    instant("closed_until"),
    schema="app",
    info=CONTROL,
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
metric_builds = Table(
    "metric_builds",  # the one that stands beside the published tables, and the published one
    metadata,
    org_id(),
    Column("state", Text, primary_key=True),
    instant("as_of", nullable=False),
    Column("built_at", instant("built_at").type, nullable=False, comment="when the build began"),
    Column(
        "definition",
        Text,
        nullable=False,
        comment="hash of what figures are made by: the models, and the days' time zone",
    ),
    CheckConstraint("state in ('candidate', 'published')", name="state"),
    schema="app",
    info=CONTROL,
)
changed_metric_days = Table(
    "changed_metric_days",  # days of facts that have changed since the published build
    metadata,
    org_id(),
    Column("metric_day", Date, primary_key=True),
    Column("model", Text, primary_key=True, comment="the table of facts"),
    schema="app",
    info=CONTROL,
)
quarantine = content(
    "quarantine",
    Column("quarantine_id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("stream", Text, nullable=False),
    Column(
        "kind",
        Text,
        nullable=False,
        server_default="",
        comment="the list of the page that it stood in",
    ),
    Column("record_id", Text),
    Column("reason", Text, nullable=False, comment="a code, never a value"),
    sealed(),
    Index(None, "org_id", "stream"),
    schema="app",
)
