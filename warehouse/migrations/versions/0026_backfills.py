"""Backfills, day by day: what was asked for, and how far each day has come."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

REASONS = "'listed', 'count', 'redacted', 'missing', 'backfill'"


def upgrade() -> None:
    _create_backfills()
    _create_windows()
    for table in ("app.backfills", "app.backfill_windows"):
        op.execute(f"call app.isolate('{table}')")
        op.execute(f"grant select, insert, update on {table} to vensor_loader")
        op.execute(f"grant select on {table} to vensor_backup")
    op.drop_constraint(op.f("ck_ticket_repairs_reason"), "ticket_repairs", schema="zendesk")
    op.create_check_constraint(
        op.f("ck_ticket_repairs_reason"),
        "ticket_repairs",
        f"reason in ({REASONS})",
        schema="zendesk",
    )


def _create_backfills() -> None:
    op.create_table(
        "backfills",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column(
            "backfill_id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False
        ),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date(), nullable=False, comment="the last day, itself too"),
        sa.Column(
            "stages", sa.Text(), nullable=False, comment="their names, in order, with commas"
        ),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column(
            "asked_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("from_day <= to_day", name=op.f("ck_backfills_range")),
        sa.PrimaryKeyConstraint("org_id", "backfill_id", name=op.f("pk_backfills")),
        schema="app",
    )


def _create_windows() -> None:
    op.create_table(
        "backfill_windows",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("backfill_id", sa.Uuid(), nullable=False),
        sa.Column(
            "metric_day",
            sa.Date(),
            nullable=False,
            comment="in the organization's time zone",
        ),
        sa.Column(
            "past_clock",
            sa.Boolean(),
            nullable=False,
            comment="what it loads ends with it",
        ),
        sa.Column(
            "state", sa.Text(), nullable=False, comment="kept: measured before, left as it is"
        ),
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state in ('pending', 'measured', 'done', 'kept')",
            name=op.f("ck_backfill_windows_state"),
        ),
        sa.PrimaryKeyConstraint(
            "org_id", "backfill_id", "metric_day", name=op.f("pk_backfill_windows")
        ),
        schema="app",
    )
    op.create_index(
        op.f("ix_backfill_windows_org_id_metric_day"),
        "backfill_windows",
        ["org_id", "metric_day"],
        schema="app",
    )
