"""What a member allows one flow run to do: its parameters are stored, so no token may be one."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TABLE = "app.authorizations"


def upgrade() -> None:
    _create()
    op.execute(f"call app.isolate('{TABLE}')")
    op.execute(f"grant select, insert, update, delete on {TABLE} to vensor_loader")
    op.execute(f"grant select on {TABLE} to vensor_backup")


def _create() -> None:
    op.create_table(
        "authorizations",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column(
            "token_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256 of what was handed out",
        ),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column(
            "as_of",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="the instant that was asked for, if any",
        ),
        sa.Column("user_id", sa.Uuid(), nullable=False, comment="the member who asked"),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "flow_run_id",
            sa.Uuid(),
            nullable=True,
            comment="the run that used it, whose retries go through",
        ),
        sa.PrimaryKeyConstraint("org_id", "token_hash", name=op.f("pk_authorizations")),
        schema="app",
    )
