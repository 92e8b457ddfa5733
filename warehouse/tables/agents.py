"""By what the metric tables know the account's agents."""

from sqlalchemy import Column, Table, Text, UniqueConstraint

from warehouse.tables.columns import key, metadata, now, org_id

agent_pseudonyms = Table(
    "agent_pseudonyms",  # goes with the agent's user
    metadata,
    org_id(),
    key("agent_id"),
    Column("agent_key", Text, nullable=False, comment="keyed hash of the id"),
    now("made_at"),
    UniqueConstraint("org_id", "agent_key"),
    schema="app",
    info={"class": "control"},
)
