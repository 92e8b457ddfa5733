"""fct_ticket_flow_daily from loaded rows to the table, through dbt as a run has it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tasks.metrics.dbt import BuildResult, run_tests
from tests.dbt.conftest import AGENT, Desk, new_desk
from warehouse.sessions import Logins, engine_for, tenant_session
from warehouse.tables import app, zendesk

AS_OF = datetime(2026, 3, 10, 12, tzinfo=UTC)


def march(day: int, hour: int = 12) -> datetime:
    """An instant of March 2026."""
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def _write_the_ends_of_tickets(desk: Desk) -> None:
    """Three tickets of Billing: solved, open again and closed; merged; deleted."""
    desk.open(11, march(5), group_id=20)
    desk.reply(11, march(5), author_id=AGENT)  # the agent opens it: no reply
    desk.reply(11, march(5, 13))
    desk.change(11, "new", "solved", march(5, 14))
    desk.change(11, "solved", "open", march(6))
    desk.reply(11, march(6, 13))
    desk.change(11, "open", "closed", march(7))
    desk.open(12, march(5), group_id=20)
    desk.change(12, None, "11", march(6), event_type="Merge", field_name="merged_into_id")
    desk.change(12, "new", "closed", march(6))
    desk.open(13, march(5), group_id=20, status="deleted", deleted_at=march(7))
    desk.add(zendesk.ticket_metrics, ticket_id=11, reopens=1, replies=2, changed_at=march(7))


@pytest.fixture(scope="module")
def built(
    engine: Engine, logins: Logins, target_dir: Path
) -> tuple[list[Desk], list[BuildResult], list[tuple[str, int, int]]]:
    """Two organizations with the same ids, built at once, and what the first run told."""
    desks = [new_desk(engine, logins, target_dir) for _ in range(2)]
    for desk in desks:
        desk.open(1, march(8))
        desk.reply(1, march(8, 13))
        desk.change(1, "new", "solved", march(9))
    _write_the_ends_of_tickets(desks[0])
    # only the second's
    desks[1].open(2, march(9), group_id=404, priority="high")
    desks[1].reply(2, march(9), author_id=AGENT)
    desks[1].reply(2, march(9, 13), author_id=405)
    desks[1].change(2, "new", "solved", march(9, 14))
    told: list[tuple[str, int, int]] = []
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(desks[0].build, AS_OF, lambda *node: told.append(node))
        second = pool.submit(desks[1].build, AS_OF)
        results = [first.result(), second.result()]
    return desks, results, told


def test_two_organizations_are_built_at_once_each_of_its_own_rows(
    built: tuple[list[Desk], list[BuildResult], object],
) -> None:
    """The same ids in both, and neither run saw or wrote a row of the other."""
    (one, other), results, _ = built
    alike = {
        ("2026-03-08", "Support"): {"created": 1},
        ("2026-03-09", "Support"): {"first_solved": 1, "solved": 1, "one_touch": 1},
    }
    assert {key: one.flow()[key] for key in one.flow() if key[1] != "Billing"} == alike
    # neither the group nor the replying author is loaded: the ticket counts all the same
    unknown = {"created": 1, "first_solved": 1, "solved": 1, "unreplied_at_solve": 1}
    assert other.flow() == alike | {("2026-03-09", "none"): unknown}
    assert all(result.rows for result in results)


def test_every_end_of_a_ticket_is_of_its_own_day(
    built: tuple[list[Desk], object, object],
) -> None:
    """Closed after it was reopened is a second solve; a merge closes without a reply."""
    (one, _), _, _ = built
    merged = {"merged": 1, "first_solved": 1, "solved": 1, "unreplied_at_solve": 1}
    assert {day: counts for (day, group), counts in one.flow().items() if group == "Billing"} == {
        "2026-03-05": {"created": 3, "first_solved": 1, "solved": 1, "one_touch": 1},
        "2026-03-06": {"reopened": 1, **merged},
        "2026-03-07": {"solved": 1, "deleted": 1},
    }


def test_a_run_tells_each_node_as_it_ends(
    built: tuple[object, list[BuildResult], list[tuple[str, int, int]]],
) -> None:
    """Names with how many are done, of how many. A day's build runs no tests: gates check rows."""
    _, (result, _), told = built
    nodes = result.models
    assert result.tests == 0
    assert [(done, total) for _, done, total in told] == [(n, nodes) for n in range(1, nodes + 1)]
    assert "fct_ticket_flow_daily" in {name for name, _, _ in told}


def test_every_relation_is_isolated(built: tuple[list[Desk], object, object]) -> None:
    """Metric tables stay under row-level security after a build; views ask as their reader."""
    (desk, _), _, _ = built
    relations = desk.execute(
        """
        select n.nspname, c.relkind, c.relrowsecurity and c.relforcerowsecurity as secured,
            coalesce('security_invoker=true' = any(c.reloptions), false) as invoker
        from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid
        where n.nspname in ('staging', 'intermediate', 'candidate', 'metrics')
            and c.relkind in ('r', 'v', 'm')
        """
    )
    assert {one.nspname for one in relations} == {
        "staging",
        "intermediate",
        "candidate",
        "metrics",
    }
    for one in relations:
        assert one.secured if one.relkind == "r" else one.relkind == "v" and one.invoker


def test_between_builds_nothing_is_left_of_what_they_were_made_of(
    built: tuple[list[Desk], object, object], logins: Logins
) -> None:
    """Later builds, of any organization, would read past it; and tickets end in every table."""
    (one, _), _, _ = built
    engine = engine_for(logins.transformer)
    with tenant_session(engine, one.organization.org_id) as connection:
        names = connection.exec_driver_sql(
            "select schemaname || '.' || tablename from pg_tables"
            " where schemaname in ('intermediate', 'candidate')"
        ).scalars()
        left = {
            name: connection.exec_driver_sql(f"select count(*) from {name}").scalar_one()
            for name in names.all()
        }
    engine.dispose()
    assert len(left) > 40
    assert set(left.values()) == {0}


def test_without_an_organization_the_transformer_reads_nothing(
    built: tuple[list[Desk], object, object], logins: Logins
) -> None:
    """And with one, no other's."""
    (one, _), _, _ = built
    engine = engine_for(logins.transformer)
    query = "select count(*) from metrics.fct_ticket_flow_daily"
    with engine.begin() as connection:
        assert connection.exec_driver_sql(query).scalar_one() == 0
    with tenant_session(engine, one.organization.org_id) as connection:
        assert connection.exec_driver_sql(query).scalar_one() == 5
    engine.dispose()


def test_the_worked_examples_and_the_data_tests_hold(
    built: tuple[list[Desk], object, object], target_dir: Path
) -> None:
    """Every unit test of the project, and every model's data tests on real rows."""
    (_, desk), _, _ = built
    result = run_tests(
        desk.logins.transformer, org_id=desk.organization.org_id, target_dir=target_dir
    )
    assert result.tests >= 25


def _days(desk: Desk) -> list[Any]:
    return desk.execute("select * from metrics.fct_ticket_flow_daily order by metric_day")


def test_runs_change_only_what_is_not_sealed(
    engine: Engine, logins: Logins, target_dir: Path
) -> None:
    """The same run again changes nothing; then late events change open days and no sealed one."""
    desk = new_desk(engine, logins, target_dir, timezone="America/New_York")
    desk.open(1, march(7, 4))  # the evening of the 6th in New York
    desk.open(2, march(8))
    desk.open(3, march(9))
    desk.build(AS_OF)
    before = _days(desk)
    assert [row.metric_day.day for row in before] == [6, 8, 9]
    desk.build(AS_OF)
    assert _days(desk) == before

    seal = {"model": "fct_ticket_flow_daily", "metric_day": march(8).date(), "checksum": ""}
    desk.add(app.metric_day_seals, **seal)
    desk.open(4, march(8, 15))  # late, of a sealed day
    desk.change(3, "new", "solved", march(9, 15))  # late, of an open day
    desk.execute("update zendesk.tickets set group_id = 20 where id = 1")
    desk.build(AS_OF)
    solved = {"first_solved": 1, "solved": 1, "unreplied_at_solve": 1}
    assert desk.flow() == {
        ("2026-03-06", "Billing"): {"created": 1},
        ("2026-03-08", "Support"): {"created": 1},
        ("2026-03-09", "Support"): {"created": 1, **solved},
    }
