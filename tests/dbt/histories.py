"""Random histories of tickets, and what of them has been loaded by an instant."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Table, text

from tests.dbt.conftest import AGENT, REQUESTER, ROLES, Desk
from warehouse.loading import Rows, merge
from warehouse.sessions import tenant_session
from warehouse.tables import ai, zendesk

NEXT = {
    "new": ["open", "pending", "solved"],
    "open": ["pending", "hold", "solved", "closed"],
    "pending": ["open", "solved"],
    "hold": ["open", "solved"],
    "solved": ["open", "closed"],
    "closed": [],
}
LOADED = ("tickets", "audit_events", "comments", "ticket_metrics", "metric_events")


@dataclass
class History:
    """A ticket's events, in the order of time: (instant, table, its values)."""

    ticket_id: int
    created_at: datetime
    events: list[tuple[datetime, Table, dict[str, Any]]] = field(default_factory=list)

    def add(self, at: datetime, table: Table, **values: Any) -> None:
        """Ids count up by ticket: two desks with the same histories have the same."""
        number = self.ticket_id * 1000 + len(self.events)
        given = {"ticket_id": self.ticket_id, "created_at": at, **values}
        if table is ai.turn_sentiments:
            given = {"comment_id": number, "ticket_id": self.ticket_id, "said_at": at, **values}
        else:
            given["id"] = number
        self.events.append((at, table, given))

    def change(self, at: datetime, name: str, previous: str | None, value: str | None) -> None:
        """A field changes, or is what the ticket is created with."""
        kind = "Create" if at == self.created_at else "Change"
        self.add(
            at,
            zendesk.audit_events,
            audit_id=self.ticket_id * 1000 + len(self.events),
            event_type=kind,
            field_name=name,
            previous_value=previous,
            value=value,
        )


def random_history(random: Random, ticket_id: int, *, begins_at: datetime, days: int) -> History:
    """A ticket that is created within the days and goes on until it is closed, or they end."""
    at = begins_at + timedelta(minutes=random.randrange(days * 1440))
    history = History(ticket_id, at)
    history.change(at, "status", None, "new")
    history.change(at, "group_id", None, random.choice(["10", "20"]))
    status = "new"
    while NEXT[status] and (at := at + _pause(random)) < begins_at + timedelta(days=days):
        status = _go_on(random, history, at, status)
    return history


def _pause(random: Random) -> timedelta:
    return timedelta(minutes=random.choice([1, 30, 90, 600, 2000, 6000]) + random.randrange(60))


def _go_on(random: Random, history: History, at: datetime, status: str) -> str:
    """What happens to the ticket then; its status after it."""
    what = random.randrange(8)
    if what < 2:
        author = random.choice([AGENT, REQUESTER])
        history.add(
            at,
            zendesk.comments,
            author_id=author,
            author_role=ROLES[author],
            kind="Comment",
            is_public=random.random() < 0.8,
        )
    elif what == 2:
        history.change(at, "priority", None, random.choice(["high", "urgent", None]))
    elif what == 3:
        _promise(random, history, at)
    elif what == 4:
        score = random.choice(["offered", "good", "bad"])
        history.add(at, zendesk.satisfaction_ratings, score=score, group_id=10)
    elif what == 5:
        _speak(random, history, at)
    else:
        status, previous = random.choice(NEXT[status]), status
        history.change(at, "status", previous, status)
    return status


def _promise(random: Random, history: History, at: datetime) -> None:
    instance = len(history.events)
    told = {"metric": "reply_time", "instance_id": instance, "sla_policy_id": 3}
    history.add(at, zendesk.metric_events, type="activate", **told)
    history.add(at, zendesk.metric_events, type="apply_sla", sla_target_minutes=60, **told)
    if random.random() < 0.7:
        ended = at + _pause(random)
        history.add(ended, zendesk.metric_events, type="fulfill", **told)


def _speak(random: Random, history: History, at: datetime) -> None:
    score = random.randrange(-100, 101) / 100
    history.add(
        at,
        ai.turn_sentiments,
        turn_no=0,
        model_version="rules",
        speaker="customer",
        score=score,
        label="neutral",
        confidence=0.5,
    )


def load(desk: Desk, histories: list[History], *, since: datetime, until: datetime) -> None:
    """Loads what happened in the time, and each touched ticket as it stands at its end."""
    org_id = desk.organization.org_id
    with tenant_session(desk.engine, org_id) as connection:
        for rows in _loaded(histories, since, until):
            merge(connection, org_id, rows)


def _loaded(histories: list[History], since: datetime, until: datetime) -> Iterator[Rows]:
    for history in histories:
        happened = [event for event in history.events if event[0] < until]
        new = [event for event in happened if event[0] >= since]
        if not new:
            continue
        for at, table, values in new:
            columns = (*values, "changed_at")
            yield Rows(table, columns, [(*values.values(), at)])
        yield _ticket(history, happened)


def _ticket(history: History, happened: list[tuple[datetime, Table, dict[str, Any]]]) -> Rows:
    fields = {"status": "new", "group_id": None, "priority": None}
    for _, table, values in happened:
        if table is zendesk.audit_events:
            fields[values["field_name"]] = values["value"]
    at = max(event[0] for event in happened)
    group = None if fields["group_id"] is None else int(fields["group_id"])
    return Rows(
        zendesk.tickets,
        (
            "id",
            "status",
            "group_id",
            "priority",
            "via_channel",
            "brand_id",
            "assignee_id",
            "requester_id",
            "created_at",
            "updated_at",
            "changed_at",
        ),
        [
            (
                history.ticket_id,
                fields["status"],
                group,
                fields["priority"],
                "web",
                5,
                AGENT,
                REQUESTER,
                history.created_at,
                at,
                at,
            )
        ],
    )


def age(desk: Desk) -> None:
    """Makes everything that is loaded older than any load may last."""
    with tenant_session(desk.engine, desk.organization.org_id) as connection:
        for name in (
            *(f"zendesk.{table}" for table in (*LOADED, "satisfaction_ratings")),
            "ai.turn_sentiments",
        ):
            connection.execute(text(f"update {name} set loaded_at = loaded_at - interval '1 day'"))
