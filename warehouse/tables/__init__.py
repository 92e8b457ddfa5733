"""Every table of the warehouse, by schema. dbt's own are in dbt/."""

from warehouse.tables import (
    agents,
    ai,
    alerts,
    app,
    assessments,
    audit,
    backfills,
    evaluation,
    exports,
    keys,
    knowledge,
    models,
    offboarding,
    retention,
    rights,
    sharing,
    zendesk,
)
from warehouse.tables.columns import metadata

SCHEMAS = ("app", "keys", "zendesk", "knowledge", "ai", "audit")
DBT_SCHEMAS = ("staging", "intermediate", "candidate", "metrics", "bi")

__all__ = [
    "DBT_SCHEMAS",
    "SCHEMAS",
    "agents",
    "ai",
    "alerts",
    "app",
    "assessments",
    "audit",
    "backfills",
    "evaluation",
    "exports",
    "keys",
    "knowledge",
    "metadata",
    "models",
    "offboarding",
    "retention",
    "rights",
    "sharing",
    "zendesk",
]
