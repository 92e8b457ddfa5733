"""Budgets of Zendesk accounts, shared by every run of every organization: no tenant is in them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from warehouse.migrations.scripts import run_script

revision = "0004"
down_revision = "0003"

TABLE = "app.account_budgets"


def upgrade() -> None:
    _create()
    # Forced, with a policy for the owner alone: whoever is granted the table by mistake reads
    # nothing, and the functions below, which are the owner's, still work.
    op.execute(f"alter table {TABLE} enable row level security")
    op.execute(f"alter table {TABLE} force row level security")
    op.execute(f"create policy owner on {TABLE} to vensor_owner using (true) with check (true)")
    run_script("budgets.sql")
    op.execute(
        "grant execute on function app.take_budget(bytea, text, text[], integer, jsonb)"
        " to vensor_loader"
    )
    op.execute("grant execute on procedure app.learn_budget(bytea, jsonb) to vensor_loader")


def _create() -> None:
    op.create_table(
        "account_budgets",
        sa.Column(
            "account_key",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256 of the account's base URL",
        ),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column(
            "paths",
            postgresql.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="kinds of paths that spend it, without ids",
        ),
        sa.Column("total", sa.Integer(), nullable=True, comment="a window's limit, as told"),
        sa.Column("remaining", sa.Integer(), nullable=True, comment="in this window, as told"),
        sa.Column(
            "told",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="whether an answer has told of this window yet",
        ),
        sa.Column("window_no", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "window_seconds",
            sa.Integer(),
            server_default="60",
            nullable=False,
            comment="Zendesk's windows are a minute; longer where one is told",
        ),
        sa.Column("leased", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "carried",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="leases of the window before, unanswered when it ended",
        ),
        sa.Column("carried_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "resets_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when this window has ended at the latest",
        ),
        sa.Column("closed_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account_key", "bucket", name=op.f("pk_account_budgets")),
        schema="app",
    )
