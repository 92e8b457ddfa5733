"""Documents keep each version, and verdicts say which they were made by."""

import sqlalchemy as sa
from alembic import op

from warehouse.migrations.scripts import run_script

revision = "0012"
down_revision = "0011"

OWNED = ("knowledge.documents", "knowledge.versions", "ai.sop_checks", "ai.ticket_work")


def upgrade() -> None:
    _create()
    op.execute("call app.isolate('knowledge.versions')")
    op.execute("grant select, insert, update, delete on knowledge.versions to vensor_loader")
    op.execute("grant select on knowledge.versions to vensor_backup")
    _key_checks_by_version()
    op.drop_constraint("ck_ticket_work_task", "ticket_work", schema="ai")
    op.create_check_constraint(
        op.f("ck_ticket_work_task"), "ticket_work", "task in ('embed', 'score', 'sop')", schema="ai"
    )
    run_script("versions.sql")
    _carry_over()


def _create() -> None:
    op.create_table(
        "versions",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("version", sa.LargeBinary(), nullable=False, comment="SHA-256 of title and body"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "first_seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "present_since",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="when it last became what the document says",
        ),
        sa.PrimaryKeyConstraint("org_id", "document_id", "version", name=op.f("pk_versions")),
        schema="knowledge",
    )


def _key_checks_by_version() -> None:
    op.add_column(
        "sop_checks",
        sa.Column(
            "evidence_hash",
            sa.LargeBinary(),
            nullable=True,
            comment="keyed: tells whether the quote still stands",
        ),
        schema="ai",
    )
    op.alter_column("sop_checks", "sop_version", comment="of the document", schema="ai")
    op.drop_constraint("pk_sop_checks", "sop_checks", schema="ai")
    op.create_primary_key(
        op.f("pk_sop_checks"),
        "sop_checks",
        ["org_id", "ticket_id", "document_id", "step_no", "model_version", "sop_version"],
        schema="ai",
    )


def _carry_over() -> None:
    """The owner is under row-level security like anyone, and here goes through every tenant."""
    for table in OWNED:
        op.execute(f"alter table {table} no force row level security")
    op.execute(
        "insert into knowledge.versions (org_id, document_id, version, title, body)"
        " select org_id, document_id, version, title, body from knowledge.documents"
    )
    op.execute("delete from ai.sop_checks where reason = 'no_request'")
    # of a version that named sentiment and procedures together: nobody asks for it any more
    op.execute("delete from ai.ticket_work where task = 'score'")
    for table in OWNED:
        op.execute(f"alter table {table} force row level security")
