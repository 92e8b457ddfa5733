"""Agents are known by pseudonyms in the metric tables, and their figures have their own clock."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

TABLE = "app.agent_pseudonyms"


def upgrade() -> None:
    op.add_column(
        "organizations",
        sa.Column("agent_retention_days", sa.Integer(), nullable=False, server_default="90"),
        schema="app",
    )
    op.create_check_constraint(
        op.f("ck_organizations_agent_retention_days"),
        "organizations",
        "agent_retention_days between 1 and 3650",
        schema="app",
    )
    op.create_table(
        "agent_pseudonyms",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("agent_key", sa.Text(), nullable=False, comment="keyed hash of the id"),
        sa.Column(
            "made_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("org_id", "agent_id", name=op.f("pk_agent_pseudonyms")),
        sa.UniqueConstraint(
            "org_id", "agent_key", name=op.f("uq_agent_pseudonyms_org_id_agent_key")
        ),
        schema="app",
    )
    op.execute(f"call app.isolate('{TABLE}')")
    op.execute(f"grant select, insert, update, delete on {TABLE} to vensor_loader")
    op.execute(f"grant select on {TABLE} to vensor_transformer, vensor_backup")
