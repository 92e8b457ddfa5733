"""Surviving tables, over random histories: built in parts, sealed, purged and built again."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.dbt.conftest import Desk, new_desk
from tests.dbt.histories import History, age, load, random_history
from warehouse import purging, retention
from warehouse.sessions import Logins, tenant_session
from warehouse.tables import zendesk

BEGINS_AT = datetime(2026, 3, 1, tzinfo=UTC)
ENDS_AT = BEGINS_AT + timedelta(days=24, hours=15)
TICKETS = 80
# These tell of loads and runs, which differ from one desk to another.
OF_RUNS = {"fct_data_freshness"}
Days = dict[tuple[str, date], list[dict[str, Any]]]


def surviving(desk: Desk) -> Days:
    """What each surviving table says of each day."""
    with tenant_session(desk.engine, desk.organization.org_id) as connection:
        tables = [name for name in retention.surviving_tables(connection) if name not in OF_RUNS]
    told: Days = {}
    for table in tables:
        rows = desk.execute(
            f"select metric_day, to_jsonb(m) - 'org_id' as said from metrics.{table} as m"
            " order by m::text"
        )
        for day, said in rows:
            told.setdefault((table, day), []).append(said)
    return told


@pytest.fixture(scope="module")
def histories() -> list[History]:
    """Tickets of every kind of life; new ones each day that the tests run."""
    random = Random(date.today().toordinal())
    return [
        random_history(random, number, begins_at=BEGINS_AT, days=24)
        for number in range(1, TICKETS + 1)
    ]


@pytest.fixture(scope="module")
def grown(
    engine: Engine, logins: Logins, target_dir: Path, histories: list[History]
) -> Desk:
    """A desk whose histories came in three parts, each built and published."""
    desk = new_desk(engine, logins, target_dir, timezone="America/New_York")
    since = BEGINS_AT
    for days in (11, 17):
        until = BEGINS_AT + timedelta(days=days, hours=7)
        load(desk, histories, since=since, until=until)
        desk.build(until)
        age(desk)
        since = until
    load(desk, histories, since=since, until=ENDS_AT)
    desk.build(ENDS_AT)
    return desk


def test_days_built_in_parts_say_what_one_build_says(
    engine: Engine,
    logins: Logins,
    target_dir: Path,
    histories: list[History],
    grown: Desk,
) -> None:
    """The same tables, row by row, whether the histories came day by day or all at once."""
    whole = new_desk(engine, logins, target_dir, timezone="America/New_York")
    load(whole, histories, since=BEGINS_AT, until=ENDS_AT)
    whole.build(ENDS_AT)
    at_once, in_parts = surviving(whole), surviving(grown)
    assert at_once
    for key in at_once.keys() | in_parts.keys():
        assert in_parts.get(key) == at_once.get(key), key


def test_a_purge_and_a_build_of_everything_change_no_surviving_row(grown: Desk) -> None:
    """Ten days are kept: older days are sealed, older tickets go, and the tables stay as they are.

    Then an old ticket gets a late comment and is solved: only the day of that changes.
    """
    desk = replace(grown, definition="another")
    before = surviving(desk)
    purged = _purge(desk, days=10)
    assert purged > 5
    assert surviving(desk) == before
    desk.build(ENDS_AT)
    after = surviving(desk)
    for key in before.keys() | after.keys():
        assert after.get(key) == before.get(key), key

    at = ENDS_AT + timedelta(hours=1)
    oldest = desk.execute(
        "select id, status from zendesk.tickets where status in ('open', 'pending', 'hold', 'new')"
        " order by created_at limit 1"
    )
    desk.reply(oldest[0].id, at)
    desk.change(oldest[0].id, oldest[0].status, "solved", at)
    desk.build(at)
    late = surviving(desk)
    changed = {day for (table, day) in late if late[table, day] != after.get((table, day))}
    assert changed == {at.astimezone(UTC).date()}
    assert sum(row["solved"] for row in late["fct_ticket_flow_daily", at.date()]) == 1 + sum(
        row["solved"] for row in after.get(("fct_ticket_flow_daily", at.date()), [])
    )


def _purge(desk: Desk, *, days: int) -> int:
    """Seals and purges as retention does; how many tickets went."""
    org_id = desk.organization.org_id
    desk.execute(f"update app.organizations set retention_days = {days}")
    organization = replace(desk.organization, retention_days=days)
    at = retention.clock(organization, ENDS_AT)
    with tenant_session(desk.engine, org_id) as connection:
        assert retention.seal_days(connection, org_id, before=at.first_kept_day)
    gone = list(purging.purge_tickets(partial(tenant_session, desk.engine, org_id), org_id, at))
    left = desk.execute("select min(greatest(updated_at, changed_at)) from zendesk.tickets")
    assert left[0][0] is not None
    return sum(rows for table, rows in gone if table == zendesk.tickets.fullname)
