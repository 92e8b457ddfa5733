"""The audit trail: who did what to whose data, and why. Written in the act's transaction."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection, text

from warehouse.tables.audit import events


def record(
    connection: Connection,
    org_id: UUID,
    *,
    actor: str,
    action: str,
    purpose: str,
    details: Mapping[str, int | str],
) -> None:
    """Adds one row. `details` holds ids, counts and names of fields: never a value."""
    connection.execute(text("select app.ensure_partitions(current_date, current_date + 1)"))
    connection.execute(
        events.insert().values(
            org_id=org_id, actor=actor, action=action, purpose=purpose, details=dict(details)
        )
    )
