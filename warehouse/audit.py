"""The audit trail: who did what to whose data, and why. Written in the act's transaction.

Every function runs in the organization's tenant session.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Table, select, text

from warehouse.tables.audit import events


@dataclass(frozen=True)
class Event:
    """One row. `details` holds ids, counts and names of fields: never a value."""

    happened_at: datetime
    actor: str
    action: str
    purpose: str
    details: Mapping[str, object]


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
    ensure_today(connection, events)
    connection.execute(
        events.insert().values(
            org_id=org_id, actor=actor, action=action, purpose=purpose, details=dict(details)
        )
    )


def ensure_today(connection: Connection, table: Table) -> None:
    """Makes the partitions of today and tomorrow, for whoever writes before a run has made them."""
    connection.execute(
        text(
            "select app.ensure_partitions(current_date, current_date + 1) where"
            " to_regclass(:name || to_char(current_date + 1, '_pYYYYMMDD')) is null"
        ),
        {"name": table.fullname},
    )


def find_events(
    connection: Connection, *, actor: str | None = None, action: str | None = None, limit: int
) -> list[Event]:
    """The latest first, of this actor and of this action where they are named.

    An action that ends in "." stands for all that begin with it.
    """
    fields = [events.c[name] for name in Event.__dataclass_fields__]
    wanted = select(*fields).order_by(events.c.event_no.desc()).limit(limit)
    if actor is not None:
        wanted = wanted.where(events.c.actor == actor)
    if action is not None:
        matches = events.c.action.startswith if action.endswith(".") else events.c.action.__eq__
        wanted = wanted.where(matches(action))
    return [Event(*row) for row in connection.execute(wanted)]
