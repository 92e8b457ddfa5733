"""What models said: sealed transcripts, embeddings, and scores that hold no text.

A score points at its evidence by comment and character offsets; the quote itself stays
sealed with the comment.
"""

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    Double,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import BIT

from warehouse.tables.columns import (
    content,
    flag,
    instant,
    key,
    metadata,
    org_id,
    sealed,
    skeleton,
)

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
    Column(
        "cell",
        SmallInteger,
        nullable=False,
        server_default="0",
        comment="of the organization's cells of near passages; 0: in none yet",
    ),
    Column("code", BIT(varying=True), Computed("ai.passage_code(embedding)", persisted=True)),
    Index(None, "org_id", "ticket_id"),
    # all that a search compares at first, so that it reads the index alone
    Index(
        None,
        "org_id",
        "model",
        "cell",
        postgresql_include=[
            "ticket_id",
            "comment_id",
            "source",
            "chunk_no",
            "changed_at",
            "dimension",
            "code",
        ],
    ),
    CheckConstraint("source in ('comment', 'transcript')", name="source"),
    CheckConstraint("cell between 0 and 256", name="cell"),
    schema="ai",
)
passage_cells = Table(
    "passage_cells",
    metadata,
    org_id(),
    Column("model", Text, primary_key=True),
    Column("cell_no", SmallInteger, primary_key=True, autoincrement=False),
    Column("dimension", Integer, nullable=False),
    Column(
        "centroid",
        HALFVEC,
        nullable=False,
        comment="L2-normalised mean of many passages' vectors",
    ),
    Column("passages", BigInteger, nullable=False, comment="in it when it was made"),
    instant("made_at", nullable=False),
    CheckConstraint("cell_no between 1 and 256", name="cell_no"),
    schema="ai",
    info={"class": "control"},
)
ticket_work = skeleton(
    "ticket_work",
    key("ticket_id"),
    Column("task", Text, primary_key=True),
    Column("model_version", Text, primary_key=True),
    Column("content_hash", LargeBinary, nullable=False, comment="keyed hash of what was read"),
    instant("seen_at", nullable=False),
    CheckConstraint("task in ('embed', 'score', 'sop', 'assess')", name="task"),
    schema="ai",
    watched=True,
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
    watched=True,
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
    watched=True,
)
# A procedure that nobody asked for has no rows: they would outgrow the tickets.
sop_checks = skeleton(
    "sop_checks",
    key("ticket_id"),
    Column("document_id", Text, primary_key=True),
    Column("step_no", Integer, primary_key=True, autoincrement=False),
    Column("model_version", Text, primary_key=True),
    Column("sop_version", LargeBinary, primary_key=True, comment="of the document"),
    Column("verdict", Text, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("reason", Text, nullable=False, comment="a code, never a quotation"),
    Column("evidence_comment_id", BigInteger),
    Column("evidence_turn_no", Integer),
    Column("evidence_start_char", Integer),
    Column("evidence_end_char", Integer),
    Column("evidence_hash", LargeBinary, comment="keyed: tells whether the quote still stands"),
    CheckConstraint("verdict in ('met', 'not_met', 'not_applicable', 'unknown')", name="verdict"),
    schema="ai",
    watched=True,
)
