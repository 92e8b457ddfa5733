"""Service levels, satisfaction, calls and agents, from loaded rows to the published tables."""

from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.dbt.conftest import AGENT, Desk, new_desk
from warehouse.agents import forget_deleted_agents, purge_figures
from warehouse.purging import purge_rest
from warehouse.retention import clock, seal_days
from warehouse.sessions import Logins, tenant_session
from warehouse.tables import agents, zendesk

Service = dict[int, tuple[int, ...]]
SLA = ("applied", "achieved", "breached", "exempt", "active_at_end")


def march(day: int, hour: int = 12, minute: int = 0) -> datetime:
    """An instant of March 2026."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def _told(desk: Desk, ticket_id: int, kind: str, at: datetime, **fields: Any) -> None:
    """A metric event of a ticket's first reply."""
    desk.add(
        zendesk.metric_events,
        id=next(desk.ids),
        ticket_id=ticket_id,
        metric="reply_time",
        instance_id=1,
        type=kind,
        created_at=at,
        changed_at=at,
        **fields,
    )


def _promise(desk: Desk, ticket_id: int, at: datetime) -> None:
    """A ticket is opened, and an answer promised within an hour of the calendar."""
    desk.open(ticket_id, at, assignee_id=AGENT)
    _told(desk, ticket_id, "activate", at)
    promised = {"sla_policy_id": 70, "sla_target_minutes": 60, "sla_in_business_hours": False}
    _told(desk, ticket_id, "apply_sla", at, **promised)


@pytest.fixture(scope="module")
def built(engine: Engine, logins: Logins, target_dir: Path) -> tuple[Desk, Service]:
    """Three promises: broken, kept, and one that is broken after the first of two builds; and what
    the first said of them.
    """
    desk = new_desk(engine, logins, target_dir)
    desk.add(agents.agent_pseudonyms, agent_id=AGENT, agent_key="a1b2")
    _promise(desk, 1, march(8))
    _promise(desk, 2, march(9))
    _told(desk, 2, "fulfill", march(9, 12, 30))
    desk.change(2, "new", "solved", march(9, 13))
    rating = {"score": "good", "created_at": march(9, 14), "changed_at": march(9, 15)}
    desk.add(zendesk.satisfaction_ratings, id=1, ticket_id=2, **rating)
    _promise(desk, 3, march(10, 11, 30))
    call = {"direction": "inbound", "completion_status": "completed", "agent_id": AGENT}
    instants = {"created_at": march(9, 10), "changed_at": march(9, 11)}
    seconds = {"wait_seconds": 10, "talk_seconds": 60}
    desk.add(zendesk.calls, id=50, group_id=10, **seconds, **call, **instants)
    desk.build(march(10))
    first = _service(desk)
    desk.build(march(11))
    return desk, first


@pytest.fixture
def desk(built: tuple[Desk, Service]) -> Desk:
    """The desk after both builds."""
    return built[0]


def _service(desk: Desk) -> Service:
    rows = desk.execute("select * from metrics.fct_sla_daily order by metric_day")
    return {row.metric_day.day: tuple(row._mapping[name] for name in SLA) for row in rows}


def test_a_promise_is_broken_without_anyone_touching_its_ticket(
    built: tuple[Desk, Service],
) -> None:
    """Nothing was loaded between the builds: what was open on the 10th is broken on that day."""
    desk, first = built
    assert first == {8: (1, 0, 1, 0, 0), 9: (1, 1, 0, 0, 0), 10: (1, 0, 0, 0, 1)}
    assert _service(desk) == first | {10: (1, 0, 1, 0, 0)}


def test_an_agent_is_known_by_a_pseudonym(desk: Desk) -> None:
    """With the solve, the answer and the call of the day, though the call has no ticket."""
    figures = "agent_key, solved, csat_good, calls_handled, talk_seconds_sum"
    rows = desk.execute(f"select metric_day, {figures} from metrics.fct_agent_daily")
    assert [tuple(row) for row in rows] == [(date(2026, 3, 9), "a1b2", 1, 1, 1, 60.0)]


def test_freshness_is_told_of_each_build(desk: Desk) -> None:
    """How old the newest ticket was, by build; nothing came for the second."""
    rows = desk.execute(
        "select as_of, lag_minutes from metrics.fct_data_freshness"
        " where source = 'tickets' order by as_of"
    )
    assert [tuple(row) for row in rows] == [(march(10), 30.0), (march(11), 1470.0)]


def test_figures_of_agents_end_by_themselves(desk: Desk) -> None:
    """With a call that has no ticket, with the agents' clock, and with the agent.

    A sealed day's checksum is of what is left of it.
    """
    org_id = desk.organization.org_id
    with tenant_session(desk.engine, org_id) as connection:
        seal_days(connection, org_id, before=date(2026, 3, 10))
        assert purge_figures(connection, march(20)) == 0
        desk_sealed = connection.exec_driver_sql(
            "select checksum from app.metric_day_seals"
            " where model = 'fct_agent_daily' and metric_day = '2026-03-09'"
        ).scalar_one()
        connection.execute(zendesk.users.update().values(active=False))
        assert forget_deleted_agents(connection) == 2
    sealed = "select checksum, md5('') as empty from app.metric_day_seals where model = :model"
    for row in desk.execute(f"{sealed} and metric_day = '2026-03-09'", model="fct_agent_daily"):
        assert row.checksum == row.empty != desk_sealed
    assert desk.execute("select 1 from app.agent_pseudonyms") == []
    past = clock(desk.organization, datetime(2026, 5, 1, tzinfo=UTC))
    assert dict(purge_rest(partial(tenant_session, desk.engine, org_id), org_id, past))["zendesk.calls"] == 1
    assert desk.execute("select 1 from metrics.fct_call") == []
