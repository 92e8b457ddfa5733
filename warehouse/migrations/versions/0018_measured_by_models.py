"""What the metric tables need of models: how long calls took, escalations, and who may read it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"

# What dbt reads: every column of tables that hold no text, and of the others these.
MEASURED = [
    "ai.assessments",
    "ai.escalations",
    "ai.labels",
    "ai.quality_scores",
    "ai.scorecard",
    "ai.usage",
    "ai.opted_out_tickets",
    "app.ai_opt_outs",
    "app.scorecards",
    "zendesk.user_identities",
]
COLUMNS = {
    "app.outbox": "org_id, message_key, state, created_at, posted_at, refused_at",
    "knowledge.versions": "org_id, document_id, version, title",
}


def upgrade() -> None:
    _time_calls()
    _create_escalations()
    instant = sa.DateTime(timezone=True)
    op.add_column("outbox", sa.Column("refused_at", instant, nullable=True), schema="app")
    op.create_index(
        op.f("ix_labels_org_id_loaded_at"), "labels", ["org_id", "loaded_at"], schema="ai"
    )
    op.execute("grant usage on schema knowledge to vensor_transformer")
    for relation in MEASURED:
        op.execute(f"grant select on {relation} to vensor_transformer")
    for table, columns in COLUMNS.items():
        op.execute(f"grant select ({columns}) on {table} to vensor_transformer")


def _time_calls() -> None:
    for column in (
        sa.Column(
            "latency_n",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="calls timed",
        ),
        sa.Column("latency_sum_ms", sa.Double(), server_default="0", nullable=False),
        sa.Column(
            "latency_histogram",
            postgresql.ARRAY(sa.BigInteger()),
            server_default="{}",
            nullable=False,
            comment="of milliseconds, by bi.bucket",
        ),
    ):
        op.add_column("usage", column, schema="ai")
    op.create_index(op.f("ix_usage_org_id_last_at"), "usage", ["org_id", "last_at"], schema="ai")


def _create_escalations() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "escalations",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False, comment="what raised it: risk"),
        sa.Column(
            "tier", sa.Text(), nullable=False, comment="of the trigger risk: the urgency then"
        ),
        sa.Column("raised_at", instant, nullable=False),
        sa.Column(
            "model_version",
            sa.Text(),
            nullable=True,
            comment="whose judgement it was; null: nobody's",
        ),
        sa.Column("changed_at", instant, nullable=False),
        sa.Column(
            "loaded_at",
            instant,
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "ticket_id", "trigger", name=op.f("pk_escalations")),
        schema="ai",
    )
    op.create_index(
        op.f("ix_escalations_org_id_loaded_at"),
        "escalations",
        ["org_id", "loaded_at"],
        schema="ai",
    )
    op.execute("call app.isolate('ai.escalations')")
    op.execute("grant select, insert, update, delete on ai.escalations to vensor_loader")
    op.execute("grant select on ai.escalations to vensor_backup")
