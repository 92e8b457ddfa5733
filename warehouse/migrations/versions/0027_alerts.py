"""Rules of escalation, what they find, and messages that answer others and are changed."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"

SEVERITY = "severity in ('critical', 'high', 'normal')"
NEW = [
    "app.escalation_rules",
    "app.escalation_settings",
    "app.escalation_vips",
    "ai.alerts",
]


def upgrade() -> None:
    _create_rules()
    _create_settings()
    _create_vips()
    _create_alerts()
    for table in NEW:
        op.execute(f"call app.isolate('{table}')")
        op.execute(f"grant select, insert, update, delete on {table} to vensor_loader")
        op.execute(f"grant select on {table} to vensor_backup")
    _change_messages()


def _instant(
    name: str, *, nullable: bool = True, comment: str | None = None
) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, comment=comment)


def _now(name: str) -> sa.Column[datetime]:
    return sa.Column(
        name,
        sa.DateTime(timezone=True),
        server_default=sa.text("clock_timestamp()"),
        nullable=False,
    )


def _create_rules() -> None:
    op.create_table(
        "escalation_rules",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False, comment="in the rule's own measure"),
        sa.Column("days", sa.Integer(), nullable=True, comment="how far back it looks"),
        sa.Column("topic", sa.Text(), nullable=True, comment="what it counts"),
        sa.Column(
            "cooldown_hours",
            sa.Integer(),
            nullable=False,
            comment="until the same is told again",
        ),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        _instant("muted_until"),
        _now("set_at"),
        sa.CheckConstraint(SEVERITY, name=op.f("ck_escalation_rules_severity")),
        sa.CheckConstraint("days between 1 and 90", name=op.f("ck_escalation_rules_days")),
        sa.CheckConstraint(
            "cooldown_hours between 1 and 720", name=op.f("ck_escalation_rules_cooldown_hours")
        ),
        sa.PrimaryKeyConstraint("org_id", "rule", name=op.f("pk_escalation_rules")),
        schema="app",
    )


def _create_settings() -> None:
    op.create_table(
        "escalation_settings",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column(
            "quiet_from", sa.Time(), nullable=True, comment="in the organization's time zone"
        ),
        sa.Column("quiet_to", sa.Time(), nullable=True),
        sa.Column(
            "critical_passes",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="whether what is critical is told in quiet hours",
        ),
        _instant("muted_until"),
        _now("set_at"),
        sa.CheckConstraint(
            "(quiet_from is null) = (quiet_to is null)", name=op.f("ck_escalation_settings_quiet")
        ),
        sa.PrimaryKeyConstraint("org_id", name=op.f("pk_escalation_settings")),
        schema="app",
    )


def _create_vips() -> None:
    op.create_table(
        "escalation_vips",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "value_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="keyed hash of what it goes by",
        ),
        sa.Column(
            "shown",
            sa.Text(),
            nullable=True,
            comment="a tag, or Zendesk's id of an organization; null: a domain",
        ),
        _now("added_at"),
        sa.CheckConstraint(
            "kind in ('organization', 'tag', 'domain')", name=op.f("ck_escalation_vips_kind")
        ),
        sa.CheckConstraint(
            "(kind = 'domain') = (shown is null)", name=op.f("ck_escalation_vips_shown")
        ),
        sa.PrimaryKeyConstraint("org_id", "kind", "value_hash", name=op.f("pk_escalation_vips")),
        schema="app",
    )


def _create_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column(
            "alert_id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False
        ),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False, comment="0: of no ticket"),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        _instant("window_at", nullable=False),
        _instant("found_at", nullable=False),
        sa.Column("figure", sa.Double(), nullable=False, comment="in the rule's own measure"),
        sa.Column("usual", sa.Double(), nullable=True, comment="what the figure usually is"),
        _instant("due_at"),
        sa.Column(
            "codes",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="of the rules, never a quotation",
        ),
        sa.Column("document_id", sa.Text(), nullable=True, comment="of the procedure"),
        sa.Column("step_no", sa.Integer(), nullable=True),
        sa.Column("sop_version", sa.LargeBinary(), nullable=True),
        sa.Column(
            "model_version",
            sa.Text(),
            nullable=True,
            comment="whose judgement it was; null: nobody's",
        ),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=True, comment="the actor of the audit trail"),
        _instant("answered_at"),
        _instant("muted_until", comment="until then its ticket is not told of"),
        sa.Column(
            "message_key", sa.Text(), nullable=True, comment="what said it; null: nothing yet"
        ),
        _instant("changed_at", nullable=False),
        _now("loaded_at"),
        sa.CheckConstraint(SEVERITY, name=op.f("ck_alerts_severity")),
        sa.CheckConstraint(
            "state in ('open', 'acknowledged', 'wrong')", name=op.f("ck_alerts_state")
        ),
        sa.CheckConstraint(
            "(state = 'open') = (answered_at is null)", name=op.f("ck_alerts_answered")
        ),
        sa.PrimaryKeyConstraint("org_id", "alert_id", name=op.f("pk_alerts")),
        schema="ai",
    )
    op.create_index(
        op.f("uq_alerts_window"),
        "alerts",
        ["org_id", "ticket_id", "rule", "window_at"],
        unique=True,
        schema="ai",
    )
    op.create_index(
        op.f("ix_alerts_org_id_found_at"), "alerts", ["org_id", "found_at"], schema="ai"
    )


def _change_messages() -> None:
    for column in (
        sa.Column(
            "thread_of",
            sa.Text(),
            nullable=True,
            comment="the key of the message that this one answers",
        ),
        sa.Column(
            "thread_ts",
            sa.Text(),
            nullable=True,
            comment="where that one stood when this was sent",
        ),
        sa.Column(
            "edits",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="how often it was changed",
        ),
        sa.Column(
            "edits_said",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="how many of these changes Slack has",
        ),
    ):
        op.add_column("outbox", column, schema="app")
