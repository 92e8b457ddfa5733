"""Models by choice of each organization, what they cost, and what they may cost a day."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

NEW = ["app.ai_choices", "app.ai_budgets", "ai.usage"]
CAPABILITY = "capability in ('transcribe', 'embed', 'analyse')"
PROVIDER = "provider in ('openai', 'local')"


def upgrade() -> None:
    _create_choices()
    _create_budgets()
    _create_usage()
    for table in NEW:
        op.execute(f"call app.isolate('{table}')")
        op.execute(f"grant select, insert, update, delete on {table} to vensor_loader")
        op.execute(f"grant select on {table} to vensor_backup")


def _now(name: str) -> sa.Column[datetime]:
    return sa.Column(
        name,
        sa.DateTime(timezone=True),
        server_default=sa.text("clock_timestamp()"),
        nullable=False,
    )


def _create_choices() -> None:
    op.create_table(
        "ai_choices",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("capability", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True, comment="null: the one of the settings"),
        sa.Column(
            "dimension",
            sa.Integer(),
            nullable=True,
            comment="of its vectors; null: the one of the settings",
        ),
        sa.Column(
            "language", sa.Text(), nullable=True, comment="ISO 639-1; null: told by the recording"
        ),
        sa.Column(
            "agent_channel",
            sa.Text(),
            nullable=True,
            comment="of a stereo call; null: the one of the settings",
        ),
        _now("chosen_at"),
        sa.CheckConstraint(CAPABILITY, name=op.f("ck_ai_choices_capability")),
        sa.CheckConstraint(PROVIDER, name=op.f("ck_ai_choices_provider")),
        sa.CheckConstraint("dimension between 1 and 4000", name=op.f("ck_ai_choices_dimension")),
        sa.CheckConstraint("language ~ '^[a-z]{2}$'", name=op.f("ck_ai_choices_language")),
        sa.CheckConstraint(
            "agent_channel in ('first', 'second', 'none')", name=op.f("ck_ai_choices_agent_channel")
        ),
        sa.PrimaryKeyConstraint("org_id", "capability", name=op.f("pk_ai_choices")),
        schema="app",
    )


def _create_budgets() -> None:
    op.create_table(
        "ai_budgets",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("usd_per_day", sa.Numeric(), nullable=False, comment="a day in UTC"),
        _now("set_at"),
        sa.CheckConstraint("usd_per_day >= 0", name=op.f("ck_ai_budgets_usd_per_day")),
        sa.PrimaryKeyConstraint("org_id", name=op.f("pk_ai_budgets")),
        schema="app",
    )


def _create_usage() -> None:
    op.create_table(
        "usage",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("used_on", sa.Date(), nullable=False, comment="the day in UTC"),
        sa.Column("capability", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column(
            "items",
            sa.BigInteger(),
            nullable=False,
            comment="texts, stretches of speech or tickets",
        ),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), nullable=False, comment="of the input tokens"),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("audio_seconds", sa.Double(), nullable=False),
        sa.Column(
            "cost_usd",
            sa.Numeric(),
            nullable=True,
            comment="null: the price of a call of this day is not known",
        ),
        _now("last_at"),
        sa.CheckConstraint(CAPABILITY, name=op.f("ck_usage_capability")),
        sa.CheckConstraint(PROVIDER, name=op.f("ck_usage_provider")),
        sa.PrimaryKeyConstraint(
            "org_id", "used_on", "capability", "provider", "model", name=op.f("pk_usage")
        ),
        schema="ai",
    )
