"""Daily partitions, made by whoever needs them first."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.conftest import measured_database, new_organization
from warehouse import holds, retention
from warehouse.organizations import ensure_partitions
from warehouse.purging import content_tables
from warehouse.sessions import engine_for, tenant_session
from warehouse.tables import zendesk


def test_runs_that_need_the_same_new_days_at_once_get_them(engine: Engine) -> None:
    """One makes them, the others find them: two organizations' days begin at the same time."""
    for turn in range(4):
        first = date(2051, 1, 1) + timedelta(days=2 * turn)
        last = first + timedelta(days=1)
        with ThreadPoolExecutor(4) as runs:
            begun = [runs.submit(ensure_partitions, engine, first, last) for _ in range(4)]
        made = sorted(one.result() for one in begun)
        assert made[:3] == [0, 0, 0]
        assert made[3] > 10


@pytest.fixture
def lonely(home: Path, worker_id: str) -> Iterator[Engine]:
    """A database in which no other test has organizations or days."""
    found = engine_for(measured_database(home, f"days_{worker_id}").loader)
    yield found
    found.dispose()


def test_days_past_every_clock_are_dropped_once_but_what_holds_keep(
    lonely: Engine, as_of: datetime
) -> None:
    """Two runs at once share the days between them; a held row keeps its partition, no other."""
    for one in retention.drop_partitions(lonely, as_of + timedelta(days=4000)):
        assert one[-8:].isdigit()
    organization, other = new_organization(lonely), new_organization(lonely)
    past = as_of - timedelta(days=40)
    first = past.date()
    ensure_partitions(lonely, first, first + timedelta(days=1))
    ensure_partitions(lonely, as_of.date(), as_of.date())
    for ticket, owner in ((1, organization), (2, other)):
        with tenant_session(lonely, owner.org_id) as connection:
            row = {"comment_id": ticket, "ticket_id": ticket, "sealed": b"", "changed_at": past}
            connection.execute(zendesk.comment_contents.insert(), {"org_id": owner.org_id, **row})
    with tenant_session(lonely, organization.org_id) as connection:
        told = {"kind": "ticket", "subject_id": 1, "reason": "m", "placed_by": "t", "until": None}
        hold_id = holds.place(connection, organization.org_id, **told)
    listed = retention.past_partitions(lonely, as_of)
    with ThreadPoolExecutor(3) as runs:
        begun = [runs.submit(retention.drop_partitions, lonely, as_of) for _ in range(3)]
    dropped = [name for one in begun for name in one.result()]
    kept = f"zendesk.comment_contents_p{first:%Y%m%d}"
    assert sorted(dropped) == sorted(listed)
    assert len(dropped) == len(set(dropped)) == 2 * len(content_tables()) - 1
    assert kept not in dropped
    with tenant_session(lonely, organization.org_id) as connection:
        rows = connection.execute(text("select ticket_id from zendesk.comment_contents"))
        assert rows.scalars().all() == [1]
        holds.lift(connection, hold_id, lifted_by="t")
    assert retention.drop_partitions(lonely, as_of) == [kept]
