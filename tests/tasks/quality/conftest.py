"""A warehouse with metric tables, and an organization whose rows a test spoils."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, Table

from tests.conftest import new_organization
from warehouse.sessions import Organization, tenant_session
from warehouse.tables import zendesk

AS_OF = datetime(2026, 3, 10, 12, tzinfo=UTC)
LOADED = AS_OF - timedelta(days=2)
Add = Callable[..., None]


@pytest.fixture
def add(engine: Engine, organization: Organization) -> Add:
    """Inserts a row of the organization; every instant not given is two days before `as_of`."""

    def insert(table: Table, **values: Any) -> None:
        row = {"org_id": organization.org_id, **values}
        if "changed_at" in table.columns:
            row.setdefault("changed_at", LOADED)
        if "created_at" in table.columns and table.schema == "zendesk":
            row.setdefault("created_at", LOADED)
        with tenant_session(engine, organization.org_id) as connection:
            connection.execute(table.insert(), row)

    return insert


@pytest.fixture
def organization(engine: Engine) -> Organization:
    """An organization with one good row of each kind."""
    made = new_organization(engine)
    one: dict[str, Any] = {"org_id": made.org_id, "changed_at": LOADED}
    rows: list[tuple[Table, dict[str, Any]]] = [
        (zendesk.tickets, {"id": 1, "status": "open", "requester_id": 8, "updated_at": AS_OF}),
        (zendesk.ticket_metrics, {"ticket_id": 1, "reopens": 0}),
        (zendesk.comments, {"id": 1, "ticket_id": 1, "kind": "Comment", "author_id": 8}),
        (zendesk.audit_events, {"id": 1, "audit_id": 1, "ticket_id": 1, "event_type": "Create"}),
        (zendesk.satisfaction_ratings, {"id": 1, "ticket_id": 1, "score": "good"}),
        (zendesk.calls, {"id": 1, "ticket_id": 1, "duration_seconds": 60}),
        (zendesk.sla_policies, {"id": 1, "valid_from": LOADED - timedelta(1), "version": b"1"}),
    ]
    with tenant_session(engine, made.org_id) as connection:
        for table, values in rows:
            named = {"created_at": LOADED} if "created_at" in table.columns else {}
            connection.execute(table.insert(), {**one, **named, **values})
    return made
