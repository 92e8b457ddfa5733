"""What models said: sealed transcripts, embeddings, and scores that hold no text.

A score points at its evidence by comment and character offsets; the quote itself stays
sealed with the comment.
"""

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    Text,
)

from warehouse.tables.columns import content, flag, instant, key, sealed, skeleton

transcripts = content(
    "transcripts",
    key("call_id"),
    Column("kind", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("comment_id", BigInteger, nullable=False),
    Column("ticket_id", BigInteger, nullable=False),
    Column("segments", Integer, nullable=False),
    Column("duration_seconds", Double, nullable=False),
    sealed(),
    Index(None, "org_id", "ticket_id", postgresql_include=["loaded_at"]),
    schema="ai",
)
ticket_chunks = content(
    "ticket_chunks",
    key("comment_id"),
    Column("source", Text, primary_key=True, comment="comment or transcript"),
    Column("model", Text, primary_key=True),
    Column("chunk_no", Integer, primary_key=True, autoincrement=False),
    Column("ticket_id", BigInteger, nullable=False),
    Column("start_char", Integer, nullable=False),
    Column("end_char", Integer, nullable=False),
    Column("content_hash", LargeBinary, nullable=False, comment="keyed: reveals no text"),
    Column("dimension", Integer, nullable=False),
    Column("embedding", HALFVEC, nullable=False, comment="L2-normalised"),
    Index(None, "org_id", "ticket_id"),
    CheckConstraint("source in ('comment', 'transcript')", name="source"),
    schema="ai",
)
ticket_work = skeleton(
    "ticket_work",
    key("ticket_id"),
    Column("task", Text, primary_key=True),
    Column("model_version", Text, primary_key=True),
    Column("content_hash", LargeBinary, nullable=False, comment="keyed hash of what was read"),
    instant("seen_at", nullable=False),
    CheckConstraint("task in ('embed', 'score', 'assess')", name="task"),
    schema="ai",
)
turn_sentiments = skeleton(
    "turn_sentiments",
    key("comment_id"),
    Column("turn_no", Integer, primary_key=True, autoincrement=False),
    Column("model_version", Text, primary_key=True),
    Column("ticket_id", BigInteger, nullable=False),
    flag("speaker"),
    Column("score", Double, nullable=False, comment="-1 to 1"),
    flag("label"),
    Column("confidence", Double, nullable=False, comment="0 to 1"),
    instant("said_at", nullable=False),
    Index(None, "org_id", "ticket_id"),
    CheckConstraint("score between -1 and 1", name="score"),
    CheckConstraint("confidence between 0 and 1", name="confidence"),
    schema="ai",
)
ticket_scores = skeleton(
    "ticket_scores",
    key("ticket_id"),
    Column("model_version", Text, primary_key=True),
    Column("turns", Integer, nullable=False),
    Column("sentiment_start", Double),
    Column("sentiment_end", Double),
    Column("sentiment_minimum", Double),
    Column("sentiment_change", Double),
    schema="ai",
)
sop_checks = skeleton(
    "sop_checks",
    key("ticket_id"),
    Column("document_id", Text, primary_key=True),
    Column("step_no", Integer, primary_key=True, autoincrement=False),
    Column("model_version", Text, primary_key=True),
    Column("sop_version", LargeBinary, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("reason", Text, nullable=False, comment="a code, never a quotation"),
    Column("evidence_comment_id", BigInteger),
    Column("evidence_turn_no", Integer),
    Column("evidence_start_char", Integer),
    Column("evidence_end_char", Integer),
    CheckConstraint("verdict in ('met', 'not_met', 'not_applicable', 'unknown')", name="verdict"),
    schema="ai",
)
