"""Holds that stop the clocks for somebody, proofs of what has ended, and days dropped by both."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from warehouse.migrations.scripts import run_script

revision = "0021"
down_revision = "0020"

FUNCTIONS = (
    "app.past_partitions(date, date)",
    "app.past_content(timestamptz)",
    "app.audit_kept_from(timestamptz, integer)",
    "app.purge_audit(timestamptz)",
    "app.drop_audit_partitions(timestamptz)",
    "app.held_rows(regclass)",
)
VIEWS = ("app.held_users", "app.held_tickets", "app.held_calls")


def upgrade() -> None:
    _create_holds()
    _create_proofs()
    op.drop_constraint(op.f("ck_org_keys_purpose"), "org_keys", schema="keys")
    op.create_check_constraint(
        op.f("ck_org_keys_purpose"),
        "org_keys",
        "purpose in ('organization', 'index', 'content', 'hold')",
        schema="keys",
    )
    for script in ("holds.sql", "drop_partitions.sql", "audit_ends.sql"):
        run_script(script)
    _grant()


def _create_holds() -> None:
    op.create_table(
        "legal_holds",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column(
            "hold_id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False
        ),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="what is held: a ticket, or all of a user's",
        ),
        sa.Column("subject_id", sa.BigInteger(), nullable=False, comment="Zendesk's id of it"),
        sa.Column("reason", sa.Text(), nullable=False, comment="the matter, and no one's name"),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column(
            "placed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it ends by itself, if it does",
        ),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind in ('ticket', 'user')", name=op.f("ck_legal_holds_kind")),
        sa.CheckConstraint(
            "(lifted_by is null) = (lifted_at is null)", name=op.f("ck_legal_holds_lifted")
        ),
        sa.PrimaryKeyConstraint("org_id", "hold_id", name=op.f("pk_legal_holds")),
        schema="app",
    )
    op.create_index(
        op.f("ix_legal_holds_org_id_kind_subject_id"),
        "legal_holds",
        ["org_id", "kind", "subject_id"],
        schema="app",
    )


def _create_proofs() -> None:
    op.create_table(
        "retention_proofs",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("proof_id", sa.Uuid(), nullable=False),
        sa.Column(
            "made_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "record",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="cutoffs; counts, holds and oldest by class",
        ),
        sa.Column(
            "signature",
            sa.LargeBinary(),
            nullable=False,
            comment="HMAC of the record, keyed",
        ),
        sa.PrimaryKeyConstraint("org_id", "proof_id", name=op.f("pk_retention_proofs")),
        schema="app",
    )
    op.create_index(
        op.f("ix_retention_proofs_org_id_made_at"),
        "retention_proofs",
        ["org_id", "made_at"],
        schema="app",
    )


def _grant() -> None:
    for table in ("app.legal_holds", "app.retention_proofs"):
        op.execute(f"call app.isolate('{table}')")
        op.execute(f"grant select on {table} to vensor_backup")
    op.execute("grant select, insert, delete on app.legal_holds to vensor_loader")
    op.execute("grant update (lifted_by, lifted_at) on app.legal_holds to vensor_loader")
    op.execute("grant select, insert on app.retention_proofs to vensor_loader")
    op.execute("grant select on app.legal_holds to vensor_privacy_officer")
    op.execute("grant select on app.retention_proofs to vensor_auditor")
    for view in VIEWS:
        op.execute(f"grant select on {view} to vensor_loader")
    for function in FUNCTIONS:
        op.execute(f"grant execute on function {function} to vensor_loader")
