"""What tickets are about, what threatens, how well they were handled, and by what measure.

Reasons and checks point at their evidence by comment and offsets; only summaries hold text, sealed.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Integer,
    LargeBinary,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.columns import content, instant, key, metadata, now, org_id, sealed, skeleton

CONTROL = {"class": "control"}

assessments = skeleton(
    "assessments",
    key("ticket_id"),
    Column("model_version", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("topic_id", Text, nullable=False, comment="of the organization's topics, or other"),
    Column("topic_confidence", Double, comment="0 to 1; null: not told"),
    Column("intent", Text, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("effort", Double, nullable=False, comment="0 to 1: what it cost the customer"),
    Column("churn_risk", Double, nullable=False, comment="0 to 1"),
    Column("escalation_risk", Double, nullable=False, comment="0 to 1"),
    Column("fallback", Text, comment="why rules stood in for a model, a code"),
    Column("dropped_quotes", Integer, nullable=False, comment="reasons that could not be verified"),
    CheckConstraint("provider in ('openai', 'local')", name="provider"),
    CheckConstraint("urgency in ('low', 'normal', 'high', 'critical')", name="urgency"),
    CheckConstraint("topic_confidence between 0 and 1", name="topic_confidence"),
    CheckConstraint("effort between 0 and 1", name="effort"),
    CheckConstraint("churn_risk between 0 and 1", name="churn_risk"),
    CheckConstraint("escalation_risk between 0 and 1", name="escalation_risk"),
    schema="ai",
    watched=True,
)
assessment_reasons = skeleton(
    "assessment_reasons",
    key("ticket_id"),
    Column("reason_no", Integer, primary_key=True, autoincrement=False),
    Column("aspect", Text, nullable=False),
    Column("code", Text, nullable=False, comment="of the rules, never a quotation"),
    Column("weight", Double, nullable=False, comment="0 to 1"),
    Column("evidence_comment_id", BigInteger),
    Column("evidence_turn_no", Integer),
    Column("evidence_start_char", Integer),
    Column("evidence_end_char", Integer),
    CheckConstraint(
        "aspect in ('topic', 'intent', 'urgency', 'effort', 'churn', 'escalation')", name="aspect"
    ),
    CheckConstraint("weight between 0 and 1", name="weight"),
    schema="ai",
)
quality_scores = skeleton(
    "quality_scores",
    key("ticket_id"),
    Column("category", Text, primary_key=True),
    Column("verdict", Text, nullable=False),
    Column("score", Double, comment="0 to 1; null: does not apply"),
    Column("reason", Text, nullable=False, comment="a code, never a quotation"),
    Column("evidence_comment_id", BigInteger),
    Column("evidence_turn_no", Integer),
    Column("evidence_start_char", Integer),
    Column("evidence_end_char", Integer),
    CheckConstraint("verdict in ('met', 'not_met', 'not_applicable')", name="verdict"),
    CheckConstraint("score between 0 and 1", name="score"),
    schema="ai",
    watched=True,
)
# Once raised it stays, whatever the ticket is judged to be later.
escalations = skeleton(
    "escalations",
    key("ticket_id"),
    Column("trigger", Text, primary_key=True, comment="what raised it: risk"),
    Column("tier", Text, nullable=False, comment="of the trigger risk: the urgency then"),
    instant("raised_at", nullable=False),
    Column("model_version", Text, comment="whose judgement it was; null: nobody's"),
    schema="ai",
    watched=True,
)
summaries = content(
    "summaries",
    key("ticket_id"),
    sealed(),
    schema="ai",
)
batches = Table(
    "batches",
    metadata,
    org_id(),
    Column("input_file_id", Text, primary_key=True, comment="of the uploaded requests"),
    Column("batch_id", Text, comment="null: uploaded, and not yet begun"),
    Column("endpoint", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    now("uploaded_at"),
    instant("ended_at"),
    CheckConstraint("state in ('open', 'read', 'failed')", name="state"),
    schema="ai",
    info=CONTROL,
)
batch_requests = skeleton(
    "batch_requests",
    key("ticket_id"),
    Column("input_file_id", Text, primary_key=True),
    Column("line_no", Integer, nullable=False, comment="the request's name in the batch"),
    Column("content_hash", LargeBinary, nullable=False, comment="keyed hash of what was asked"),
    instant("seen_at", nullable=False),
    schema="ai",
)
topics = Table(
    "topics",
    metadata,
    org_id(),
    Column("topics", JSONB, nullable=False, comment="id, title, description and cues of each"),
    now("set_at"),
    schema="app",
    info=CONTROL,
)
scorecards = Table(
    "scorecards",
    metadata,
    org_id(),
    Column("category", Text, primary_key=True),
    Column("weight", Double, nullable=False, comment="beside the other categories' weights"),
    Column("critical", Boolean, nullable=False, comment="where it fails, the ticket's score is 0"),
    Column("pass_at", Double, nullable=False, comment="0 to 1: below it the category fails"),
    now("set_at"),
    CheckConstraint(
        "category in ('greeting', 'empathy', 'solution', 'closing', 'readability', 'procedure')",
        name="category",
    ),
    CheckConstraint("weight between 0 and 100", name="weight"),
    CheckConstraint("pass_at between 0 and 1", name="pass_at"),
    schema="app",
    info=CONTROL,
)
