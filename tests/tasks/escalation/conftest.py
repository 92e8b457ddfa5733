"""A desk whose tickets are written as rows, connected to the sandbox's Zendesk and Slack."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Table, text

from cli.connect import connect_slack, connect_zendesk
from cli.peers import Sandbox
from tasks.resources import Resources
from tasks.scoring import SENTIMENT_VERSION, SOP_VERSION
from warehouse.loading import Rows, merge
from warehouse.tables import ai, assessments, knowledge, zendesk

Row = dict[str, Any]


@dataclass
class Desk:
    """An organization's tickets, and what models are made to say of them."""

    resources: Resources
    control: httpx.Client
    as_of: datetime

    def load(self, table: Table, **values: object) -> None:
        row = {**values}
        if "changed_at" in table.columns:
            row.setdefault("changed_at", self.as_of)
        with self.resources.session() as connection:
            org_id = self.resources.organization.org_id
            merge(connection, org_id, Rows(table, tuple(row), [tuple(row.values())]))

    def ticket(self, ticket_id: int, **values: object) -> None:
        """An open ticket of yesterday, unless told otherwise; loading it again changes it."""
        told = {
            "status": "open",
            "requester_id": 7_000 + ticket_id,
            "created_at": self.as_of - timedelta(days=1),
            "updated_at": self.as_of - timedelta(hours=1),
        }
        self.load(zendesk.tickets, id=ticket_id, **(told | values))

    def may_leave(self, ticket_id: int, risk: float = 0.8, **values: object) -> None:
        """The ticket's customer may leave, for a reason."""
        told = {
            "model_version": "rules",
            "provider": "local",
            "topic_id": "refund",
            "intent": "complain",
            "urgency": "normal",
            "effort": 0.1,
            "churn_risk": risk,
            "escalation_risk": 0.2,
            "dropped_quotes": 0,
        }
        self.load(assessments.assessments, ticket_id=ticket_id, **(told | values))
        reason = {"reason_no": 1, "aspect": "churn", "code": "leaving", "weight": risk}
        self.load(assessments.assessment_reasons, ticket_id=ticket_id, **reason)

    def turned(self, ticket_id: int, end: float = -0.6) -> None:
        """The ticket's customer turned unhappy."""
        told = {"turns": 2, "sentiment_end": end, "sentiment_change": -0.5}
        told["model_version"] = SENTIMENT_VERSION
        self.load(ai.ticket_scores, ticket_id=ticket_id, **told)

    def missed(self, ticket_id: int, step_no: int = 1, confidence: float = 0.95) -> None:
        """A step of the one procedure was not done."""
        self.load(
            ai.sop_checks,
            ticket_id=ticket_id,
            document_id="identity",
            step_no=step_no,
            model_version=SOP_VERSION,
            sop_version=b"1",
            verdict="not_met",
            confidence=confidence,
            reason="absent",
        )

    def rows(self, statement: str, **told: object) -> list[tuple[Any, ...]]:
        with self.resources.session() as connection:
            return [tuple(row) for row in connection.execute(text(statement), told)]

    def said(self) -> list[Row]:
        """What stands in Slack of this organization, oldest first."""
        keys = {key for (key,) in self.rows("select message_key from app.outbox")}
        told = self.control.get("/slack/messages").json()["messages"]
        return [one for one in told if key_of(one) in keys]

    def fault(self, path: str, kind: str, times: int = 1) -> None:
        """The next calls of this method go wrong."""
        told = {"path": path, "kind": kind, "times": times, "seconds": 1}
        assert self.control.post("/faults", json=told).is_success


def key_of(message: Row) -> str:
    found: str = message.get("metadata", {}).get("event_payload", {}).get("message_key", "")
    return found


@pytest.fixture
def alerted(
    resources: Resources, sandbox: Sandbox, as_of: datetime, partitions: None
) -> Iterator[Desk]:
    """A desk with one procedure, without tickets."""
    account, slack = sandbox.zendesk["acme"], sandbox.slack
    connect_zendesk(
        resources,
        base_url=account["base_url"],
        client_id=account["client_id"],
        secret=account["client_secret"],
    )
    connect_slack(
        resources,
        base_url=slack["base_url"],
        channel=slack["channels"]["acme"],
        token=slack["bot_token"],
    )
    headers = {"Authorization": f"Bearer {sandbox.control_token}"}
    with httpx.Client(base_url=sandbox.control_url, headers=headers, timeout=10) as control:
        desk = Desk(resources, control, as_of)
        _add_procedure(desk)
        yield desk
        control.delete("/faults")


def _add_procedure(desk: Desk) -> None:
    with desk.resources.session() as connection:
        connection.execute(
            knowledge.documents.insert().values(
                org_id=desk.resources.organization.org_id,
                document_id="identity",
                kind="sop",
                title="Identity <!channel>",
                body="1. Ask for the order's number.\n2. Ask for the date of birth.",
                version=b"1",
                changed_at=desk.as_of,
            )
        )
