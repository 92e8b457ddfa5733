"""What people say of scores, and how good scores are by that and by held-out text."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from warehouse.tables.columns import key, metadata, org_id, skeleton

SOURCES = "source in ('held_out', 'labels', 'sandbox', 'tickets')"
SENTIMENTS = "'very_negative', 'negative', 'neutral', 'positive', 'very_positive'"
VERDICTS = "'met', 'not_met', 'not_applicable', 'unknown'"

labels = skeleton(
    "labels",
    key("ticket_id"),
    Column("target", Text, primary_key=True, comment="ticket: how it ended; turn; step"),
    Column("comment_id", BigInteger, primary_key=True, autoincrement=False, comment="0: no turn"),
    Column("turn_no", Integer, primary_key=True, autoincrement=False),
    Column("document_id", Text, primary_key=True, comment="empty: no step"),
    Column("step_no", Integer, primary_key=True, autoincrement=False),
    Column("labelled_by", Text, primary_key=True, comment="the actor of the audit trail"),
    Column("value", Text, nullable=False, comment="a label of sentiment or a verdict"),
    Column("sop_version", LargeBinary, comment="the procedure as it was when it was judged"),
    CheckConstraint(
        f"target in ('ticket', 'turn') and value in ({SENTIMENTS})"
        f" or target = 'step' and value in ({VERDICTS})",
        name="value",
    ),
    schema="ai",
    watched=True,
)
evaluations = Table(
    "evaluations",
    metadata,
    org_id(),
    Column("evaluated_at", DateTime(timezone=True), primary_key=True),
    Column("source", Text, primary_key=True),
    Column("capability", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("prompt_version", Text, primary_key=True, comment="of its prompt or its rules"),
    Column("figure", Text, primary_key=True),
    Column("value", Double, nullable=False),
    Column("n", Integer, nullable=False, comment="truths that it was measured on"),
    CheckConstraint(SOURCES, name="source"),
    schema="ai",
    info={"class": "control"},
)
