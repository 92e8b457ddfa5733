"""What binds the clocks: holds that stop them for somebody, proofs of what has ended."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary, Table, Text, Uuid
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.columns import instant, metadata, now, org_id

legal_holds = Table(
    "legal_holds",
    metadata,
    org_id(),
    Column("hold_id", Uuid, primary_key=True, server_default=sql("gen_random_uuid()")),
    Column("kind", Text, nullable=False, comment="what is held: a ticket, or all of a user's"),
    Column("subject_id", BigInteger, nullable=False, comment="Zendesk's id of it"),
    Column("reason", Text, nullable=False, comment="the matter, and no one's name"),
    Column("placed_by", Text, nullable=False),
    now("placed_at"),
    Column("until", instant("until").type, comment="when it ends by itself, if it does"),
    Column("lifted_by", Text),
    instant("lifted_at"),
    Index(None, "org_id", "kind", "subject_id"),
    CheckConstraint("kind in ('ticket', 'user')", name="kind"),
    CheckConstraint("(lifted_by is null) = (lifted_at is null)", name="lifted"),
    schema="app",
    info={"class": "control"},
)
retention_proofs = Table(
    "retention_proofs",  # they stay: counts and instants, of nobody
    metadata,
    org_id(),
    Column("proof_id", Uuid, primary_key=True),
    now("made_at"),
    Column("record", JSONB, nullable=False, comment="cutoffs; counts, holds and oldest by class"),
    Column("signature", LargeBinary, nullable=False, comment="HMAC of the record, keyed"),
    Index(None, "org_id", "made_at"),
    schema="app",
    info={"class": "control"},
)
