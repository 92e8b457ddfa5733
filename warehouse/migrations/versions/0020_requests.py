"""What people asked for, by when it is due, and who must not come back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    _create_requests()
    _create_tombstones()
    for table in ("app.privacy_requests", "app.tombstones"):
        op.execute(f"call app.isolate('{table}')")
        op.execute(f"grant select on {table} to vensor_backup")
    op.execute("grant select, insert, update on app.privacy_requests to vensor_loader")
    op.execute("grant select, insert on app.tombstones to vensor_loader")
    op.execute("grant select on app.privacy_requests to vensor_privacy_officer")


def _create_requests() -> None:
    op.create_table(
        "privacy_requests",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column(
            "request_id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "subject",
            sa.LargeBinary(),
            nullable=False,
            comment="keyed hash of what names the person",
        ),
        sa.Column(
            "email_index",
            sa.LargeBinary(),
            nullable=True,
            comment="as users and identities have it; until it ends",
        ),
        sa.Column(
            "phone_index",
            sa.LargeBinary(),
            nullable=True,
            comment="as users and identities have it; until it ends",
        ),
        sa.Column("zendesk_user_id", sa.BigInteger(), nullable=True, comment="until it ends"),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False, comment="the actor who entered it"),
        sa.Column(
            "asked_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "approved_by",
            sa.Text(),
            nullable=True,
            comment="another than who entered it, for an erasure",
        ),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "receipt",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="what was done: counts and names of tables, never a value",
        ),
        sa.CheckConstraint(
            "kind in ('access', 'export', 'erase', 'rectify', 'opt_out')",
            name=op.f("ck_privacy_requests_kind"),
        ),
        sa.CheckConstraint(
            "state in ('open', 'approved', 'done', 'refused')",
            name=op.f("ck_privacy_requests_state"),
        ),
        sa.CheckConstraint(
            "(state in ('done', 'refused')) = (ended_at is not null)",
            name=op.f("ck_privacy_requests_ended"),
        ),
        sa.CheckConstraint(
            "(approved_by is null) = (approved_at is null)",
            name=op.f("ck_privacy_requests_approved"),
        ),
        sa.PrimaryKeyConstraint("org_id", "request_id", name=op.f("pk_privacy_requests")),
        schema="app",
    )
    op.create_index(
        op.f("ix_privacy_requests_org_id_due_at"),
        "privacy_requests",
        ["org_id", "due_at"],
        schema="app",
    )


def _create_tombstones() -> None:
    op.create_table(
        "tombstones",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value_hash", sa.LargeBinary(), nullable=False, comment="under a key of its own"),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column(
            "made_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("kind in ('user', 'email', 'phone')", name=op.f("ck_tombstones_kind")),
        sa.PrimaryKeyConstraint("org_id", "kind", "value_hash", name=op.f("pk_tombstones")),
        schema="app",
    )
