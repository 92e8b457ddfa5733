"""A warehouse with metric tables, and an organization whose rows a test spoils."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, Table

from tasks.metrics.dbt import prepare
from tests.conftest import new_organization
from warehouse.sessions import Logins, Organization, tenant_session
from warehouse.tables import zendesk

AS_OF = datetime(2026, 3, 10, 12, tzinfo=UTC)
LOADED = AS_OF - timedelta(days=2)
Add = Callable[..., None]


@pytest.fixture(scope="session")
def measured(logins: Logins, tmp_path_factory: pytest.TempPathFactory) -> Logins:
    """The logins of a warehouse with metric tables."""
    prepare(logins.transformer, target_dir=tmp_path_factory.mktemp("dbt"))
    return logins


@pytest.fixture
def add(engine: Engine, organization: Organization) -> Add:
    """Inserts a row of the organization; every instant not given is two days before `as_of`."""

    def insert(table: Table, **values: Any) -> None:
        row = {"org_id": organization.org_id, "changed_at": LOADED, **values}
        if "created_at" in table.columns:
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
        (zendesk.tickets, {"id": 1, "status": "open", "updated_at": AS_OF}),
        (zendesk.ticket_metrics, {"ticket_id": 1, "reopens": 0}),
        (zendesk.comments, {"id": 1, "ticket_id": 1, "kind": "Comment"}),
        (zendesk.audit_events, {"id": 1, "audit_id": 1, "ticket_id": 1}),
        (zendesk.satisfaction_ratings, {"id": 1, "ticket_id": 1, "score": "good"}),
        (zendesk.calls, {"id": 1, "ticket_id": 1, "duration_seconds": 60}),
    ]
    with tenant_session(engine, made.org_id) as connection:
        for table, values in rows:
            connection.execute(table.insert(), {**one, "created_at": LOADED, **values})
    return made
