"""What people say of scores, and how good scores are."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

NEW = ["ai.labels", "ai.evaluations"]
SOURCES = "source in ('held_out', 'labels', 'sandbox', 'tickets')"
SENTIMENTS = "'very_negative', 'negative', 'neutral', 'positive', 'very_positive'"
VERDICTS = "'met', 'not_met', 'not_applicable', 'unknown'"


def upgrade() -> None:
    _create_labels()
    _create_evaluations()
    for table in NEW:
        op.execute(f"call app.isolate('{table}')")
        op.execute(f"grant select, insert, update, delete on {table} to vensor_loader")
        op.execute(f"grant select on {table} to vensor_backup")


def _create_labels() -> None:
    op.create_table(
        "labels",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("target", sa.Text(), nullable=False, comment="ticket: how it ended; turn; step"),
        sa.Column(
            "comment_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="0: no turn",
        ),
        sa.Column("turn_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False, comment="empty: no step"),
        sa.Column("step_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("labelled_by", sa.Text(), nullable=False, comment="the actor of the audit trail"),
        sa.Column("value", sa.Text(), nullable=False, comment="a label of sentiment or a verdict"),
        sa.Column(
            "sop_version",
            sa.LargeBinary(),
            nullable=True,
            comment="the procedure as it was when it was judged",
        ),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            f"target in ('ticket', 'turn') and value in ({SENTIMENTS})"
            f" or target = 'step' and value in ({VERDICTS})",
            name=op.f("ck_labels_value"),
        ),
        sa.PrimaryKeyConstraint(
            "org_id",
            "ticket_id",
            "target",
            "comment_id",
            "turn_no",
            "document_id",
            "step_no",
            "labelled_by",
            name=op.f("pk_labels"),
        ),
        schema="ai",
    )


def _create_evaluations() -> None:
    op.create_table(
        "evaluations",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("evaluated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("capability", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column(
            "prompt_version", sa.Text(), nullable=False, comment="of its prompt or its rules"
        ),
        sa.Column("figure", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False, comment="truths that it was measured on"),
        sa.CheckConstraint(SOURCES, name=op.f("ck_evaluations_source")),
        sa.PrimaryKeyConstraint(
            "org_id",
            "evaluated_at",
            "source",
            "capability",
            "model",
            "prompt_version",
            "figure",
            name=op.f("pk_evaluations"),
        ),
        schema="ai",
    )
