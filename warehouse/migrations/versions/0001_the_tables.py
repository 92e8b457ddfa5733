"""The tables"""

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    for schema in ("app", "keys", "zendesk", "knowledge", "ai", "audit"):
        op.execute(f"create schema if not exists {schema}")
    op.create_table(
        "sop_checks",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("step_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("sop_version", sa.LargeBinary(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, comment="a code, never a quotation"),
        sa.Column("evidence_comment_id", sa.BigInteger(), nullable=True),
        sa.Column("evidence_turn_no", sa.Integer(), nullable=True),
        sa.Column("evidence_start_char", sa.Integer(), nullable=True),
        sa.Column("evidence_end_char", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "verdict in ('met', 'not_met', 'not_applicable', 'unknown')",
            name=op.f("ck_sop_checks_verdict"),
        ),
        sa.PrimaryKeyConstraint(
            "org_id",
            "ticket_id",
            "document_id",
            "step_no",
            "model_version",
            name=op.f("pk_sop_checks"),
        ),
        schema="ai",
    )
    op.create_table(
        "ticket_chunks",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("comment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="comment or transcript"),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("chunk_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("start_char", sa.Integer(), nullable=False),
        sa.Column("end_char", sa.Integer(), nullable=False),
        sa.Column(
            "content_hash", sa.LargeBinary(), nullable=False, comment="keyed: reveals no text"
        ),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("embedding", HALFVEC(), nullable=False, comment="L2-normalised"),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "source in ('comment', 'transcript')", name=op.f("ck_ticket_chunks_source")
        ),
        sa.PrimaryKeyConstraint(
            "org_id",
            "comment_id",
            "source",
            "model",
            "chunk_no",
            "changed_at",
            name=op.f("pk_ticket_chunks"),
        ),
        schema="ai",
        postgresql_partition_by="range (changed_at)",
    )
    op.create_index(
        op.f("ix_ticket_chunks_org_id_ticket_id"),
        "ticket_chunks",
        ["org_id", "ticket_id"],
        unique=False,
        schema="ai",
    )
    op.create_table(
        "ticket_scores",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("sentiment_start", sa.Double(), nullable=True),
        sa.Column("sentiment_end", sa.Double(), nullable=True),
        sa.Column("sentiment_minimum", sa.Double(), nullable=True),
        sa.Column("sentiment_change", sa.Double(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "org_id", "ticket_id", "model_version", name=op.f("pk_ticket_scores")
        ),
        schema="ai",
    )
    op.create_table(
        "ticket_work",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column(
            "content_hash", sa.LargeBinary(), nullable=False, comment="keyed hash of what was read"
        ),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("task in ('embed', 'score')", name=op.f("ck_ticket_work_task")),
        sa.PrimaryKeyConstraint(
            "org_id", "ticket_id", "task", "model_version", name=op.f("pk_ticket_work")
        ),
        schema="ai",
    )
    op.create_table(
        "transcripts",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("comment_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("duration_seconds", sa.Double(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "org_id", "call_id", "kind", "model", "changed_at", name=op.f("pk_transcripts")
        ),
        schema="ai",
        postgresql_partition_by="range (changed_at)",
    )
    op.create_index(
        op.f("ix_transcripts_org_id_ticket_id"),
        "transcripts",
        ["org_id", "ticket_id"],
        unique=False,
        schema="ai",
        postgresql_include=["loaded_at"],
    )
    op.create_table(
        "turn_sentiments",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("comment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("turn_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("speaker", sa.Text(), nullable=True),
        sa.Column("score", sa.Double(), nullable=False, comment="-1 to 1"),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=False, comment="0 to 1"),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "confidence between 0 and 1", name=op.f("ck_turn_sentiments_confidence")
        ),
        sa.CheckConstraint("score between -1 and 1", name=op.f("ck_turn_sentiments_score")),
        sa.PrimaryKeyConstraint(
            "org_id", "comment_id", "turn_no", "model_version", name=op.f("pk_turn_sentiments")
        ),
        schema="ai",
    )
    op.create_index(
        op.f("ix_turn_sentiments_org_id_ticket_id"),
        "turn_sentiments",
        ["org_id", "ticket_id"],
        unique=False,
        schema="ai",
    )
    op.create_table(
        "connections",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False, comment="subdomain, or the Slack channel"),
        sa.Column("client_id", sa.Text(), nullable=True),
        sa.Column("scopes", sa.Text(), nullable=True),
        sa.Column(
            "credentials", sa.LargeBinary(), nullable=False, comment="sealed: secret and tokens"
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "connected_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "provider in ('zendesk', 'slack')", name=op.f("ck_connections_provider")
        ),
        sa.PrimaryKeyConstraint("org_id", "provider", name=op.f("pk_connections")),
        schema="app",
    )
    op.create_table(
        "logins",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column(
            "login", sa.Text(), nullable=False, comment="a Postgres role of this organization only"
        ),
        sa.Column(
            "granted_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "login", name=op.f("pk_logins")),
        sa.UniqueConstraint("login", name=op.f("uq_logins_login")),
        schema="app",
    )
    op.create_table(
        "members",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column(
            "added_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "role in ('owner', 'admin', 'analyst', 'viewer', 'privacy_officer')",
            name=op.f("ck_members_role"),
        ),
        sa.PrimaryKeyConstraint("org_id", "user_id", name=op.f("pk_members")),
        schema="app",
    )
    op.create_table(
        "metric_day_seals",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("metric_day", sa.Date(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("checksum", sa.Text(), nullable=False),
        sa.Column(
            "sealed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "metric_day", "model", name=op.f("pk_metric_day_seals")),
        schema="app",
    )
    op.create_table(
        "organizations",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("retention_days", sa.Integer(), server_default="30", nullable=False),
        sa.Column("audit_retention_days", sa.Integer(), server_default="90", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name=op.f("ck_organizations_slug")
        ),
        sa.CheckConstraint(
            "audit_retention_days between 30 and 3650",
            name=op.f("ck_organizations_audit_retention_days"),
        ),
        sa.CheckConstraint(
            "retention_days between 1 and 3650", name=op.f("ck_organizations_retention_days")
        ),
        sa.PrimaryKeyConstraint("org_id", name=op.f("pk_organizations")),
        sa.UniqueConstraint("slug", name=op.f("uq_organizations_slug")),
        schema="app",
    )
    op.create_table(
        "outbox",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column(
            "message_key", sa.Text(), nullable=False, comment="what must be said at most once"
        ),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column(
            "blocks",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="no personal data",
        ),
        sa.Column("fallback", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("slack_ts", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('pending', 'sending', 'posted', 'refused')", name=op.f("ck_outbox_state")
        ),
        sa.PrimaryKeyConstraint("org_id", "message_key", name=op.f("pk_outbox")),
        schema="app",
    )
    op.create_table(
        "quarantine",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column(
            "quarantine_id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False
        ),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False, comment="a code, never a value"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "org_id", "quarantine_id", "changed_at", name=op.f("pk_quarantine")
        ),
        schema="app",
        postgresql_partition_by="range (changed_at)",
    )
    op.create_index(
        op.f("ix_quarantine_org_id_stream"),
        "quarantine",
        ["org_id", "stream"],
        unique=False,
        schema="app",
    )
    op.create_table(
        "run_stages",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rows_in", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rows_out", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("quarantined", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column(
            "error", sa.Text(), nullable=True, comment="the class of the error, never its values"
        ),
        sa.Column(
            "ended_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("state in ('completed', 'failed')", name=op.f("ck_run_stages_state")),
        sa.PrimaryKeyConstraint("org_id", "run_id", "stage", name=op.f("pk_run_stages")),
        schema="app",
    )
    op.create_table(
        "runs",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), server_default="running", nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('running', 'completed', 'failed')", name=op.f("ck_runs_state")
        ),
        sa.PrimaryKeyConstraint("org_id", "run_id", name=op.f("pk_runs")),
        schema="app",
    )
    op.create_index(
        op.f("ix_runs_org_id_started_at"),
        "runs",
        ["org_id", "started_at"],
        unique=False,
        schema="app",
    )
    op.create_table(
        "watermarks",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False, comment="verbatim from the source"),
        sa.Column("done", sa.Integer(), nullable=False, comment="rows loaded since the beginning"),
        sa.Column(
            "moved_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "source", "stream", name=op.f("pk_watermarks")),
        schema="app",
    )
    op.create_table(
        "events",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column(
            "happened_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "event_id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False
        ),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column(
            "details",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="ids and counts, never a value",
        ),
        sa.PrimaryKeyConstraint("org_id", "happened_at", "event_id", name=op.f("pk_events")),
        schema="audit",
        postgresql_partition_by="range (happened_at)",
    )
    op.create_table(
        "org_keys",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column(
            "week",
            sa.Date(),
            nullable=True,
            comment="Monday of the content's week; NULL for the long-lived key",
        ),
        sa.Column(
            "wrapped",
            sa.LargeBinary(),
            nullable=True,
            comment="the data key under the KEK; NULL once destroyed",
        ),
        sa.Column("kek_uri", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("sealed_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(wrapped is null) = (state = 'destroyed')", name=op.f("ck_org_keys_wrapped")
        ),
        sa.CheckConstraint(
            "purpose in ('organization', 'content')", name=op.f("ck_org_keys_purpose")
        ),
        sa.CheckConstraint(
            "state in ('active', 'retired', 'destroyed')", name=op.f("ck_org_keys_state")
        ),
        sa.CheckConstraint("key_id between 1 and 4294967295", name=op.f("ck_org_keys_key_id")),
        sa.PrimaryKeyConstraint("org_id", "key_id", name=op.f("pk_org_keys")),
        schema="keys",
    )
    op.create_index(
        "uq_org_keys_active",
        "org_keys",
        ["org_id", "purpose", sa.literal_column("coalesce(week, 'infinity'::date)")],
        unique=True,
        schema="keys",
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "chunks",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("chunk_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.LargeBinary(), nullable=False, comment="of the document"),
        sa.Column("heading_path", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("embedding", HALFVEC(), nullable=False, comment="L2-normalised"),
        sa.Column(
            "words",
            postgresql.TSVECTOR(),
            sa.Computed("to_tsvector('english', body)", persisted=True),
            nullable=True,
        ),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "org_id", "document_id", "model", "chunk_no", name=op.f("pk_chunks")
        ),
        schema="knowledge",
    )
    op.create_index(
        op.f("ix_chunks_words"),
        "chunks",
        ["words"],
        unique=False,
        schema="knowledge",
        postgresql_using="gin",
    )
    op.create_table(
        "documents",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False, comment="source and its own id"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("version", sa.LargeBinary(), nullable=False, comment="SHA-256 of title and body"),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("kind in ('article', 'sop')", name=op.f("ck_documents_kind")),
        sa.PrimaryKeyConstraint("org_id", "document_id", name=op.f("pk_documents")),
        schema="knowledge",
    )
    op.create_table(
        "audit_events",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("audit_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=True),
        sa.Column("field_name", sa.Text(), nullable=True),
        sa.Column(
            "previous_value",
            sa.Text(),
            nullable=True,
            comment="ids and states only; NULL for any other field",
        ),
        sa.Column(
            "value",
            sa.Text(),
            nullable=True,
            comment="ids and states only; NULL for any other field",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_audit_events")),
        schema="zendesk",
    )
    op.create_index(
        op.f("ix_audit_events_org_id_field_name_created_at"),
        "audit_events",
        ["org_id", "field_name", "created_at"],
        unique=False,
        schema="zendesk",
    )
    op.create_index(
        op.f("ix_audit_events_org_id_ticket_id"),
        "audit_events",
        ["org_id", "ticket_id"],
        unique=False,
        schema="zendesk",
    )
    op.create_table(
        "audits",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("via_channel", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_audits")),
        schema="zendesk",
    )
    op.create_index(
        op.f("ix_audits_org_id_ticket_id"),
        "audits",
        ["org_id", "ticket_id"],
        unique=False,
        schema="zendesk",
    )
    op.create_table(
        "brands",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_brands")),
        schema="zendesk",
    )
    op.create_table(
        "call_contents",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "call_id", "changed_at", name=op.f("pk_call_contents")),
        schema="zendesk",
        postgresql_partition_by="range (changed_at)",
    )
    op.create_table(
        "call_legs",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("call_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("completion_status", sa.Text(), nullable=True),
        sa.Column("duration_seconds", sa.Integer(), nullable=True),
        sa.Column("talk_seconds", sa.Integer(), nullable=True),
        sa.Column("hold_seconds", sa.Integer(), nullable=True),
        sa.Column("wrap_up_seconds", sa.Integer(), nullable=True),
        sa.Column("consultation_seconds", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_call_legs")),
        schema="zendesk",
    )
    op.create_index(
        op.f("ix_call_legs_org_id_call_id"),
        "call_legs",
        ["org_id", "call_id"],
        unique=False,
        schema="zendesk",
    )
    op.create_table(
        "calls",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=True),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("group_id", sa.BigInteger(), nullable=True),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("line_type", sa.Text(), nullable=True),
        sa.Column("direction", sa.Text(), nullable=True),
        sa.Column("completion_status", sa.Text(), nullable=True),
        sa.Column("duration_seconds", sa.Integer(), nullable=True),
        sa.Column("wait_seconds", sa.Integer(), nullable=True),
        sa.Column("talk_seconds", sa.Integer(), nullable=True),
        sa.Column("hold_seconds", sa.Integer(), nullable=True),
        sa.Column("wrap_up_seconds", sa.Integer(), nullable=True),
        sa.Column("ivr_seconds", sa.Integer(), nullable=True),
        sa.Column("exceeded_queue_wait", sa.Boolean(), nullable=True),
        sa.Column("outside_business_hours", sa.Boolean(), nullable=True),
        sa.Column("voicemail", sa.Boolean(), nullable=True),
        sa.Column("callback", sa.Boolean(), nullable=True),
        sa.Column("recording_consent", sa.Text(), nullable=True),
        sa.Column("recording_consent_action", sa.Text(), nullable=True),
        sa.Column("quality_issues", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_calls")),
        schema="zendesk",
    )
    op.create_index(
        op.f("ix_calls_org_id_ticket_id"),
        "calls",
        ["org_id", "ticket_id"],
        unique=False,
        schema="zendesk",
    )
    op.create_table(
        "comment_contents",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("comment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "org_id", "comment_id", "changed_at", name=op.f("pk_comment_contents")
        ),
        schema="zendesk",
        postgresql_partition_by="range (changed_at)",
    )
    op.create_index(
        op.f("ix_comment_contents_org_id_ticket_id"),
        "comment_contents",
        ["org_id", "ticket_id"],
        unique=False,
        schema="zendesk",
        postgresql_include=["loaded_at"],
    )
    op.create_table(
        "comments",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=True),
        sa.Column("via_channel", sa.Text(), nullable=True),
        sa.Column(
            "call_id", sa.BigInteger(), nullable=True, comment="the Talk call of a VoiceComment"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("kind in ('Comment', 'VoiceComment')", name=op.f("ck_comments_kind")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_comments")),
        schema="zendesk",
    )
    op.create_index(
        op.f("ix_comments_org_id_ticket_id"),
        "comments",
        ["org_id", "ticket_id"],
        unique=False,
        schema="zendesk",
    )
    op.create_table(
        "custom_statuses",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("status_category", sa.Text(), nullable=True),
        sa.Column("agent_label", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_custom_statuses")),
        schema="zendesk",
    )
    op.create_table(
        "groups",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("deleted", sa.Boolean(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_groups")),
        schema="zendesk",
    )
    op.create_table(
        "holidays",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.LargeBinary(), nullable=False, comment="SHA-256 of the definition"),
        sa.Column("schedule_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("start_on", sa.Date(), nullable=True),
        sa.Column("end_on", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "id", "valid_from", name=op.f("pk_holidays")),
        schema="zendesk",
    )
    op.create_table(
        "metric_events",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=True),
        sa.Column("instance_id", sa.BigInteger(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("sla_policy_id", sa.BigInteger(), nullable=True),
        sa.Column("sla_target_minutes", sa.Integer(), nullable=True),
        sa.Column("sla_in_business_hours", sa.Boolean(), nullable=True),
        sa.Column("calendar_minutes", sa.Integer(), nullable=True),
        sa.Column("business_minutes", sa.Integer(), nullable=True),
        sa.Column("deleted", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_metric_events")),
        schema="zendesk",
    )
    op.create_index(
        op.f("ix_metric_events_org_id_ticket_id"),
        "metric_events",
        ["org_id", "ticket_id"],
        unique=False,
        schema="zendesk",
    )
    op.create_table(
        "organization_contents",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "org_id", "organization_id", "changed_at", name=op.f("pk_organization_contents")
        ),
        schema="zendesk",
        postgresql_partition_by="range (changed_at)",
    )
    op.create_table(
        "organizations",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_organizations")),
        schema="zendesk",
    )
    op.create_table(
        "rating_contents",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("rating_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "org_id", "rating_id", "changed_at", name=op.f("pk_rating_contents")
        ),
        schema="zendesk",
        postgresql_partition_by="range (changed_at)",
    )
    op.create_index(
        op.f("ix_rating_contents_org_id_ticket_id"),
        "rating_contents",
        ["org_id", "ticket_id"],
        unique=False,
        schema="zendesk",
    )
    op.create_table(
        "recording_chunks",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("chunk_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "org_id", "call_id", "kind", "chunk_no", "changed_at", name=op.f("pk_recording_chunks")
        ),
        schema="zendesk",
        postgresql_partition_by="range (changed_at)",
    )
    op.create_table(
        "recordings",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("comment_id", sa.BigInteger(), nullable=False),
        sa.Column("duration_seconds", sa.Integer(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("chunks", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("kind in ('call', 'voicemail')", name=op.f("ck_recordings_kind")),
        sa.CheckConstraint(
            "state in ('pending', 'stored', 'transcribed', 'refused', 'gone', 'undecodable')",
            name=op.f("ck_recordings_state"),
        ),
        sa.PrimaryKeyConstraint("org_id", "call_id", "kind", name=op.f("pk_recordings")),
        schema="zendesk",
    )
    op.create_index(
        op.f("ix_recordings_org_id_state"),
        "recordings",
        ["org_id", "state"],
        unique=False,
        schema="zendesk",
    )
    op.create_index(
        op.f("ix_recordings_org_id_ticket_id"),
        "recordings",
        ["org_id", "ticket_id"],
        unique=False,
        schema="zendesk",
    )
    op.create_table(
        "satisfaction_ratings",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("assignee_id", sa.BigInteger(), nullable=True),
        sa.Column("group_id", sa.BigInteger(), nullable=True),
        sa.Column("requester_id", sa.BigInteger(), nullable=True),
        sa.Column("score", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_satisfaction_ratings")),
        schema="zendesk",
    )
    op.create_index(
        op.f("ix_satisfaction_ratings_org_id_ticket_id"),
        "satisfaction_ratings",
        ["org_id", "ticket_id"],
        unique=False,
        schema="zendesk",
    )
    op.create_table(
        "schedules",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.LargeBinary(), nullable=False, comment="SHA-256 of the definition"),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=True),
        sa.Column(
            "intervals",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="minutes from Sunday 00:00, start_time and end_time",
        ),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "id", "valid_from", name=op.f("pk_schedules")),
        schema="zendesk",
    )
    op.create_table(
        "sla_policies",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.LargeBinary(), nullable=False, comment="SHA-256 of the definition"),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("filter", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("policy_metrics", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "id", "valid_from", name=op.f("pk_sla_policies")),
        schema="zendesk",
    )
    op.create_table(
        "ticket_contents",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "org_id", "ticket_id", "changed_at", name=op.f("pk_ticket_contents")
        ),
        schema="zendesk",
        postgresql_partition_by="range (changed_at)",
    )
    op.create_table(
        "ticket_fields",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_ticket_fields")),
        schema="zendesk",
    )
    op.create_table(
        "ticket_metrics",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reopens", sa.Integer(), nullable=True),
        sa.Column("replies", sa.Integer(), nullable=True),
        sa.Column("group_stations", sa.Integer(), nullable=True),
        sa.Column("assignee_stations", sa.Integer(), nullable=True),
        sa.Column("first_reply_calendar_minutes", sa.Integer(), nullable=True),
        sa.Column("first_reply_business_minutes", sa.Integer(), nullable=True),
        sa.Column("first_resolution_calendar_minutes", sa.Integer(), nullable=True),
        sa.Column("first_resolution_business_minutes", sa.Integer(), nullable=True),
        sa.Column("full_resolution_calendar_minutes", sa.Integer(), nullable=True),
        sa.Column("full_resolution_business_minutes", sa.Integer(), nullable=True),
        sa.Column("agent_wait_calendar_minutes", sa.Integer(), nullable=True),
        sa.Column("agent_wait_business_minutes", sa.Integer(), nullable=True),
        sa.Column("requester_wait_calendar_minutes", sa.Integer(), nullable=True),
        sa.Column("requester_wait_business_minutes", sa.Integer(), nullable=True),
        sa.Column("on_hold_calendar_minutes", sa.Integer(), nullable=True),
        sa.Column("on_hold_business_minutes", sa.Integer(), nullable=True),
        sa.Column("initially_assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("solved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("latest_comment_added_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "ticket_id", name=op.f("pk_ticket_metrics")),
        schema="zendesk",
    )
    op.create_table(
        "tickets",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("custom_status_id", sa.BigInteger(), nullable=True),
        sa.Column("priority", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("via_channel", sa.Text(), nullable=True),
        sa.Column("group_id", sa.BigInteger(), nullable=True),
        sa.Column("assignee_id", sa.BigInteger(), nullable=True),
        sa.Column("requester_id", sa.BigInteger(), nullable=True),
        sa.Column("submitter_id", sa.BigInteger(), nullable=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("brand_id", sa.BigInteger(), nullable=True),
        sa.Column("problem_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "merged_into_id",
            sa.BigInteger(),
            nullable=True,
            comment="the ticket that this one was merged into",
        ),
        sa.Column("is_public", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_tickets")),
        schema="zendesk",
    )
    op.create_index(
        op.f("ix_tickets_org_id_created_at"),
        "tickets",
        ["org_id", "created_at"],
        unique=False,
        schema="zendesk",
    )
    op.create_index(
        op.f("ix_tickets_org_id_requester_id"),
        "tickets",
        ["org_id", "requester_id"],
        unique=False,
        schema="zendesk",
    )
    op.create_index(
        op.f("ix_tickets_org_id_updated_at"),
        "tickets",
        ["org_id", "updated_at"],
        unique=False,
        schema="zendesk",
    )
    op.create_table(
        "user_contents",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "user_id", "changed_at", name=op.f("pk_user_contents")),
        schema="zendesk",
        postgresql_partition_by="range (changed_at)",
    )
    op.create_table(
        "users",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("suspended", sa.Boolean(), nullable=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "email_index",
            sa.LargeBinary(),
            nullable=True,
            comment="HMAC of the e-mail: equality within one org",
        ),
        sa.Column(
            "phone_index",
            sa.LargeBinary(),
            nullable=True,
            comment="HMAC of the phone: equality within one org",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_users")),
        schema="zendesk",
    )
    op.create_index(
        op.f("ix_users_org_id_email_index"),
        "users",
        ["org_id", "email_index"],
        unique=False,
        schema="zendesk",
    )
    op.create_index(
        op.f("ix_users_org_id_phone_index"),
        "users",
        ["org_id", "phone_index"],
        unique=False,
        schema="zendesk",
    )
