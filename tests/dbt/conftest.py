"""A prepared warehouse, and desks: small organizations whose tickets a test writes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Table, text

from tasks.metrics.dbt import BuildResult, OnNode, build
from tests.conftest import new_organization, parsed_project
from warehouse import publishing
from warehouse.sessions import Logins, Organization, engine_for, tenant_session
from warehouse.tables import zendesk

AGENT, REQUESTER = 7, 8
ROLES = {AGENT: "agent", REQUESTER: "end-user"}
COUNTS = (
    "created",
    "first_solved",
    "solved",
    "reopened",
    "one_touch",
    "merged",
    "deleted",
    "unreplied_at_solve",
)


@dataclass
class Desk:
    """An organization's support desk. Ids of comments and changes count up."""

    engine: Engine
    logins: Logins
    organization: Organization
    target_dir: Path
    definition: str = "of the tests"
    ids: Iterator[int] = field(default_factory=lambda: count(1))

    def add(self, table: Table, **values: Any) -> None:
        """Inserts a row of this organization."""
        with tenant_session(self.engine, self.organization.org_id) as connection:
            connection.execute(table.insert(), {"org_id": self.organization.org_id, **values})

    def execute(self, statement: str, **values: Any) -> list[Any]:
        """The rows of a statement under this organization."""
        with tenant_session(self.engine, self.organization.org_id) as connection:
            result = connection.execute(text(statement), values)
            return list(result) if result.returns_rows else []

    def open(self, ticket_id: int, at: datetime, **fields: Any) -> None:
        """A ticket is created: its row and its first status."""
        given = {"status": "new", "via_channel": "web", "group_id": 10, "brand_id": 5, **fields}
        self.add(
            zendesk.tickets, id=ticket_id, created_at=at, updated_at=at, changed_at=at, **given
        )
        self.change(ticket_id, None, "new", at, event_type="Create")

    def change(
        self,
        ticket_id: int,
        previous: str | None,
        value: str,
        at: datetime,
        *,
        event_type: str = "Change",
        field_name: str = "status",
    ) -> None:
        """A field of a ticket changes."""
        self.add(
            zendesk.audit_events,
            id=next(self.ids),
            audit_id=next(self.ids),
            ticket_id=ticket_id,
            event_type=event_type,
            field_name=field_name,
            previous_value=previous,
            value=value,
            created_at=at,
            changed_at=at,
        )

    def reply(self, ticket_id: int, at: datetime, *, author_id: int = AGENT) -> None:
        """Someone comments in public."""
        self.add(
            zendesk.comments,
            id=next(self.ids),
            ticket_id=ticket_id,
            author_id=author_id,
            author_role=ROLES.get(author_id),
            kind="Comment",
            is_public=True,
            created_at=at,
            changed_at=at,
        )

    def build(self, as_of: datetime, on_node: OnNode | None = None) -> BuildResult:
        """Builds this organization's metric tables and publishes them, as a run does."""
        engine = engine_for(self.logins.transformer)
        org_id = self.organization.org_id
        try:
            with tenant_session(engine, org_id) as connection:
                begun = publishing.begin(connection, as_of=as_of, definition=self.definition)
            result = build(
                self.logins.transformer,
                org_id=org_id,
                as_of=as_of,
                loaded_after=begun.loaded_after,
                target_dir=self.target_dir,
                on_node=on_node,
            )
            with tenant_session(engine, org_id) as connection:
                publishing.finish(connection, org_id, begun)
                publishing.publish(connection, org_id)
            publishing.clear(engine, org_id)
        finally:
            engine.dispose()
        return result

    def flow(self) -> dict[tuple[str, str], dict[str, int]]:
        """What is not zero in fct_ticket_flow_daily, by day and group."""
        rows = self.execute("select * from metrics.fct_ticket_flow_daily")
        return {
            (row.metric_day.isoformat(), row.group_name): {
                name: row._mapping[name] for name in COUNTS if row._mapping[name]
            }
            for row in rows
        }


@pytest.fixture(scope="session")
def target_dir(home: Path, logins: Logins, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where dbt leaves what it writes."""
    return parsed_project(home, tmp_path_factory.mktemp("dbt"), logins)


def new_desk(engine: Engine, logins: Logins, target_dir: Path, **settings: Any) -> Desk:
    """A desk with an agent, a requester, two groups and a brand."""
    desk = Desk(engine, logins, new_organization(engine, **settings), target_dir)
    at = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    for user_id, role in ROLES.items():
        desk.add(zendesk.users, id=user_id, role=role, changed_at=at)
    desk.add(zendesk.groups, id=10, name="Support", changed_at=at)
    desk.add(zendesk.groups, id=20, name="Billing", changed_at=at)
    desk.add(zendesk.brands, id=5, name="Acme", changed_at=at)
    return desk
