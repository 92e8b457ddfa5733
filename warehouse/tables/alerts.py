"""By which rules support leads are told of tickets, what was found by them, and what they said."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Time,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from warehouse.tables.columns import instant, metadata, now, org_id, skeleton

CONTROL = {"class": "control"}
SEVERITY = "severity in ('critical', 'high', 'normal')"

escalation_rules = Table(
    "escalation_rules",  # where an organization's differ from those that are packaged
    metadata,
    org_id(),
    Column("rule", Text, primary_key=True),
    Column("severity", Text, nullable=False),
    Column("threshold", Double, nullable=False, comment="in the rule's own measure"),
    Column("days", Integer, comment="how far back it looks"),
    Column("topic", Text, comment="what it counts"),
    Column("cooldown_hours", Integer, nullable=False, comment="until the same is told again"),
    Column("enabled", Boolean, nullable=False),
    instant("muted_until"),
    now("set_at"),
    CheckConstraint(SEVERITY, name="severity"),
    CheckConstraint("days between 1 and 90", name="days"),
    CheckConstraint("cooldown_hours between 1 and 720", name="cooldown_hours"),
    schema="app",
    info=CONTROL,
)
escalation_settings = Table(
    "escalation_settings",
    metadata,
    org_id(),
    Column("quiet_from", Time, comment="in the organization's time zone"),
    Column("quiet_to", Time),
    Column(
        "critical_passes",
        Boolean,
        nullable=False,
        server_default=text("true"),
        comment="whether what is critical is told in quiet hours",
    ),
    instant("muted_until"),
    now("set_at"),
    CheckConstraint("(quiet_from is null) = (quiet_to is null)", name="quiet"),
    schema="app",
    info=CONTROL,
)
escalation_vips = Table(
    "escalation_vips",
    metadata,
    org_id(),
    Column("kind", Text, primary_key=True),
    Column("value_hash", LargeBinary, primary_key=True, comment="keyed hash of what it goes by"),
    Column("shown", Text, comment="a tag, or Zendesk's id of an organization; null: a domain"),
    now("added_at"),
    CheckConstraint("kind in ('organization', 'tag', 'domain')", name="kind"),
    CheckConstraint("(kind = 'domain') = (shown is null)", name="shown"),
    schema="app",
    info=CONTROL,
)
alerts = skeleton(
    "alerts",
    Column("alert_id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("ticket_id", BigInteger, nullable=False, comment="0: of no ticket"),
    Column("rule", Text, nullable=False),
    Column("severity", Text, nullable=False),
    instant("window_at", nullable=False),
    instant("found_at", nullable=False),
    Column("figure", Double, nullable=False, comment="in the rule's own measure"),
    Column("usual", Double, comment="what the figure usually is"),
    instant("due_at"),
    Column("codes", ARRAY(Text), nullable=False, comment="of the rules, never a quotation"),
    Column("document_id", Text, comment="of the procedure"),
    Column("step_no", Integer),
    Column("sop_version", LargeBinary),
    Column("model_version", Text, comment="whose judgement it was; null: nobody's"),
    Column("state", Text, nullable=False, server_default="open"),
    Column("answered_by", Text, comment="the actor of the audit trail"),
    instant("answered_at"),
    Column(
        "muted_until", instant("muted_until").type, comment="until then its ticket is not told of"
    ),
    Column("message_key", Text, comment="what said it; null: nothing yet"),
    Index("uq_alerts_window", "org_id", "ticket_id", "rule", "window_at", unique=True),
    Index(None, "org_id", "found_at"),
    CheckConstraint(SEVERITY, name="severity"),
    CheckConstraint("state in ('open', 'acknowledged', 'wrong')", name="state"),
    CheckConstraint("(state = 'open') = (answered_at is null)", name="answered"),
    schema="ai",
)
