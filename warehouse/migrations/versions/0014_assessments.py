"""Assessments of tickets, their summaries, and the scorecard that they are measured by."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from warehouse.migrations.scripts import run_script

revision = "0014"
down_revision = "0013"

NEW = [
    "ai.assessments",
    "ai.assessment_reasons",
    "ai.quality_scores",
    "ai.summaries",
    "ai.batches",
    "ai.batch_requests",
    "app.topics",
    "app.scorecards",
]
VIEWS = ["ai.scorecard", "ai.quality_marks", "ai.ticket_quality"]
TASKS = "task in ('embed', 'score', 'sop', 'assess')"


def upgrade() -> None:
    _create_assessments()
    _create_reasons()
    _create_quality()
    _create_summaries()
    _create_batches()
    _create_settings()
    op.drop_constraint(op.f("ck_ticket_work_task"), "ticket_work", schema="ai")
    op.create_check_constraint(op.f("ck_ticket_work_task"), "ticket_work", TASKS, schema="ai")
    for table in NEW:
        op.execute(f"call app.isolate('{table}')")
        op.execute(f"grant select, insert, update, delete on {table} to vensor_loader")
        op.execute(f"grant select on {table} to vensor_backup")
    run_script("quality.sql")
    for view in VIEWS:
        op.execute(f"grant select on {view} to vensor_loader")


def _now(name: str) -> sa.Column[datetime]:
    return sa.Column(
        name,
        sa.DateTime(timezone=True),
        server_default=sa.text("clock_timestamp()"),
        nullable=False,
    )


def _changed() -> tuple[sa.Column[datetime], sa.Column[datetime]]:
    changed_at = sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False)
    return changed_at, _now("loaded_at")


def _ticket() -> tuple[sa.Column[UUID], sa.Column[int]]:
    return (
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), autoincrement=False, nullable=False),
    )


def _evidence() -> tuple[sa.Column[int], ...]:
    return (
        sa.Column("evidence_comment_id", sa.BigInteger(), nullable=True),
        sa.Column("evidence_turn_no", sa.Integer(), nullable=True),
        sa.Column("evidence_start_char", sa.Integer(), nullable=True),
        sa.Column("evidence_end_char", sa.Integer(), nullable=True),
    )


def _create_assessments() -> None:
    risks = ("topic_confidence", "effort", "churn_risk", "escalation_risk")
    op.create_table(
        "assessments",
        *_ticket(),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column(
            "topic_id",
            sa.Text(),
            nullable=False,
            comment="of the organization's topics, or other",
        ),
        sa.Column("topic_confidence", sa.Double(), nullable=True, comment="0 to 1; null: not told"),
        sa.Column("intent", sa.Text(), nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column(
            "effort", sa.Double(), nullable=False, comment="0 to 1: what it cost the customer"
        ),
        sa.Column("churn_risk", sa.Double(), nullable=False, comment="0 to 1"),
        sa.Column("escalation_risk", sa.Double(), nullable=False, comment="0 to 1"),
        sa.Column(
            "fallback", sa.Text(), nullable=True, comment="why rules stood in for a model, a code"
        ),
        sa.Column(
            "dropped_quotes",
            sa.Integer(),
            nullable=False,
            comment="reasons that could not be verified",
        ),
        *_changed(),
        sa.CheckConstraint("provider in ('openai', 'local')", name=op.f("ck_assessments_provider")),
        sa.CheckConstraint(
            "urgency in ('low', 'normal', 'high', 'critical')", name=op.f("ck_assessments_urgency")
        ),
        *(
            sa.CheckConstraint(f"{name} between 0 and 1", name=op.f(f"ck_assessments_{name}"))
            for name in risks
        ),
        sa.PrimaryKeyConstraint("org_id", "ticket_id", name=op.f("pk_assessments")),
        schema="ai",
    )


def _create_reasons() -> None:
    op.create_table(
        "assessment_reasons",
        *_ticket(),
        sa.Column("reason_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("aspect", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="of the rules, never a quotation"),
        sa.Column("weight", sa.Double(), nullable=False, comment="0 to 1"),
        *_evidence(),
        *_changed(),
        sa.CheckConstraint(
            "aspect in ('topic', 'intent', 'urgency', 'effort', 'churn', 'escalation')",
            name=op.f("ck_assessment_reasons_aspect"),
        ),
        sa.CheckConstraint("weight between 0 and 1", name=op.f("ck_assessment_reasons_weight")),
        sa.PrimaryKeyConstraint(
            "org_id", "ticket_id", "reason_no", name=op.f("pk_assessment_reasons")
        ),
        schema="ai",
    )


def _create_quality() -> None:
    op.create_table(
        "quality_scores",
        *_ticket(),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True, comment="0 to 1; null: does not apply"),
        sa.Column("reason", sa.Text(), nullable=False, comment="a code, never a quotation"),
        *_evidence(),
        *_changed(),
        sa.CheckConstraint(
            "verdict in ('met', 'not_met', 'not_applicable')",
            name=op.f("ck_quality_scores_verdict"),
        ),
        sa.CheckConstraint("score between 0 and 1", name=op.f("ck_quality_scores_score")),
        sa.PrimaryKeyConstraint("org_id", "ticket_id", "category", name=op.f("pk_quality_scores")),
        schema="ai",
    )


def _create_summaries() -> None:
    op.create_table(
        "summaries",
        *_ticket(),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        *_changed(),
        sa.PrimaryKeyConstraint("org_id", "ticket_id", "changed_at", name=op.f("pk_summaries")),
        schema="ai",
        postgresql_partition_by="range (changed_at)",
    )
    # for the days whose tickets are here already; runs make those that come
    op.execute("""
        select app.ensure_partitions(p.day, p.day) from (
            select to_date(right(c.relname, 8), 'YYYYMMDD') as day
            from pg_inherits as i inner join pg_class as c on i.inhrelid = c.oid
            where i.inhparent = 'zendesk.comment_contents'::regclass
        ) as p
    """)


def _create_batches() -> None:
    op.create_table(
        "batches",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("input_file_id", sa.Text(), nullable=False, comment="of the uploaded requests"),
        sa.Column(
            "batch_id", sa.Text(), nullable=True, comment="null: uploaded, and not yet begun"
        ),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        _now("uploaded_at"),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('open', 'read', 'failed')", name=op.f("ck_batches_state")),
        sa.PrimaryKeyConstraint("org_id", "input_file_id", name=op.f("pk_batches")),
        schema="ai",
    )
    op.create_table(
        "batch_requests",
        *_ticket(),
        sa.Column("input_file_id", sa.Text(), nullable=False),
        sa.Column(
            "line_no", sa.Integer(), nullable=False, comment="the request's name in the batch"
        ),
        sa.Column(
            "content_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="keyed hash of what was asked",
        ),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        *_changed(),
        sa.PrimaryKeyConstraint(
            "org_id", "ticket_id", "input_file_id", name=op.f("pk_batch_requests")
        ),
        schema="ai",
    )


def _create_settings() -> None:
    op.create_table(
        "topics",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column(
            "topics",
            postgresql.JSONB(),
            nullable=False,
            comment="id, title, description and cues of each",
        ),
        _now("set_at"),
        sa.PrimaryKeyConstraint("org_id", name=op.f("pk_topics")),
        schema="app",
    )
    op.create_table(
        "scorecards",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column(
            "weight",
            sa.Double(),
            nullable=False,
            comment="beside the other categories' weights",
        ),
        sa.Column(
            "critical",
            sa.Boolean(),
            nullable=False,
            comment="where it fails, the ticket's score is 0",
        ),
        sa.Column(
            "pass_at",
            sa.Double(),
            nullable=False,
            comment="0 to 1: below it the category fails",
        ),
        _now("set_at"),
        sa.CheckConstraint(
            "category in ('greeting', 'empathy', 'solution', 'closing', 'readability',"
            " 'procedure')",
            name=op.f("ck_scorecards_category"),
        ),
        sa.CheckConstraint("weight between 0 and 100", name=op.f("ck_scorecards_weight")),
        sa.CheckConstraint("pass_at between 0 and 1", name=op.f("ck_scorecards_pass_at")),
        sa.PrimaryKeyConstraint("org_id", "category", name=op.f("pk_scorecards")),
        schema="app",
    )
