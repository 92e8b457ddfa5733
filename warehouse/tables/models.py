"""Which models an organization uses, what they may cost and what they did cost."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Double,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
)

from warehouse.tables.columns import metadata, now, org_id

CONTROL = {"class": "control"}
CAPABILITY = "capability in ('transcribe', 'embed', 'analyse')"
PROVIDER = "provider in ('openai', 'local')"

ai_choices = Table(
    "ai_choices",
    metadata,
    org_id(),
    Column("capability", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("model", Text, comment="null: the one of the settings"),
    Column("dimension", Integer, comment="of its vectors; null: the one of the settings"),
    Column("language", Text, comment="ISO 639-1; null: told by the recording"),
    Column("agent_channel", Text, comment="of a stereo call; null: the one of the settings"),
    now("chosen_at"),
    CheckConstraint(CAPABILITY, name="capability"),
    CheckConstraint(PROVIDER, name="provider"),
    CheckConstraint("dimension between 1 and 4000", name="dimension"),
    CheckConstraint("language ~ '^[a-z]{2}$'", name="language"),
    CheckConstraint("agent_channel in ('first', 'second', 'none')", name="agent_channel"),
    schema="app",
    info=CONTROL,
)
ai_budgets = Table(
    "ai_budgets",
    metadata,
    org_id(),
    Column("usd_per_day", Numeric, nullable=False, comment="a day in UTC"),
    now("set_at"),
    CheckConstraint("usd_per_day >= 0", name="usd_per_day"),
    schema="app",
    info=CONTROL,
)
usage = Table(
    "usage",
    metadata,
    org_id(),
    Column("used_on", Date, primary_key=True, comment="the day in UTC"),
    Column("capability", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("calls", BigInteger, nullable=False),
    Column("items", BigInteger, nullable=False, comment="texts, stretches of speech or tickets"),
    Column("input_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False, comment="of the input tokens"),
    Column("output_tokens", BigInteger, nullable=False),
    Column("audio_seconds", Double, nullable=False),
    Column("cost_usd", Numeric, comment="null: the price of a call of this day is not known"),
    Column("latency_n", BigInteger, nullable=False, server_default="0", comment="calls timed"),
    Column("latency_sum_ms", Double, nullable=False, server_default="0"),
    Column(
        "latency_histogram",
        ARRAY(BigInteger),
        nullable=False,
        server_default="{}",
        comment="of milliseconds, by bi.bucket",
    ),
    now("last_at"),
    Index(None, "org_id", "last_at"),
    CheckConstraint(CAPABILITY, name="capability"),
    CheckConstraint(PROVIDER, name="provider"),
    schema="ai",
    info=CONTROL,
)
