"""What an organization's tables say, in a form that is the same for two that were told the same."""

from uuid import UUID

from sqlalchemy import Engine, text

from warehouse.sessions import tenant_session
from warehouse.tables import zendesk

# Differs between two organizations by design: the tenant, its keys, and when it was loaded.
OWN = {
    "org_id",
    "loaded_at",
    "email_index",
    "phone_index",
    "value_index",
    "sealed",
    "valid_from",
    "valid_to",
}


def digest(engine: Engine, org_id: UUID) -> dict[str, tuple[int, str]]:
    """Rows and a checksum of what they say, for every table of Zendesk's and the metrics."""
    found: dict[str, tuple[int, str]] = {}
    tables = {
        table.fullname: [column.name for column in table.columns if column.name not in OWN]
        for table in vars(zendesk).values()
        if hasattr(table, "fullname")
    }
    tables["metrics.fct_ticket_flow_daily"] = ["metric_day", "group_id", "channel", "brand_id"]
    tables["metrics.fct_ticket_flow_daily"] += ["priority", "created", "solved", "reopened"]
    with tenant_session(engine, org_id) as connection:
        for name, columns in tables.items():
            row = f"row({', '.join(columns)})::text"
            found[name] = tuple(
                connection.execute(
                    text(
                        "select count(*),"
                        f" md5(coalesce(string_agg({row}, '|' order by {row}), '')) from {name}"
                    )
                ).one()
            )
    return found


def streams_begun(engine: Engine, org_id: UUID) -> int:
    """How many streams have a watermark: how far a first extraction has come."""
    with tenant_session(engine, org_id) as connection:
        return int(connection.execute(text("select count(*) from app.watermarks")).scalar_one())
