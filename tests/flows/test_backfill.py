"""Days of the past: measured as if they had been watched, and nothing old is left of them."""

import signal
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text

from cli import peers
from tests.flows.conftest import Terminal, connect
from warehouse.purging import content_tables, fact_tables
from warehouse.retention import surviving_tables
from warehouse.sessions import find_organization, tenant_session

CLOCK = 7  # the sandbox's world is of 28 days: three weeks of it are past this clock
NO_MODELS = ("--stages", "extract,check,measure,publish")
# What was as it stood at the end of a day is not known later; nor how fresh things were then.
OF_THE_MOMENT = {"fct_backlog_daily", "fct_data_freshness"}
# A pseudonym is under the organization's own key.
OWN = {"org_id", "active_at_end", "agent_key"}
HAPPENED = ("applied", "achieved", "breached", "exempt")


def rows(engine: Engine, slug: str, statement: str, **told: object) -> list[tuple]:
    with tenant_session(engine, find_organization(engine, slug).org_id) as connection:
        done = connection.execute(text(statement), told)
        return [tuple(row) for row in done] if done.returns_rows else []


def measured(engine: Engine, slug: str, first: date, last: date) -> dict[str, list[str]]:
    """The rows of these days, by metric table, without what is the organization's own."""
    with tenant_session(engine, find_organization(engine, slug).org_id) as connection:
        found = {}
        for table in set(surviving_tables(connection)) - OF_THE_MOMENT:
            told = connection.execute(
                text(f"select * from metrics.{table} where metric_day between :first and :last"),
                {"first": first, "last": last},
            ).mappings()
            lines = sorted(
                str({name: value for name, value in row.items() if name not in OWN})
                for row in told
                if table != "fct_sla_daily" or any(row[name] for name in HAPPENED)
            )
            if lines:
                found[table] = lines
        return found


def of_old_tickets(engine: Engine, slug: str, cutoff: datetime) -> int:
    """How much is here that is older than the clock: words, tickets, facts of no ticket."""
    with tenant_session(engine, find_organization(engine, slug).org_id) as connection:
        asked = [
            f"select count(*) from {table} where changed_at < :at" for table in content_tables()
        ]
        asked += ["select count(*) from zendesk.tickets where updated_at < :at - interval '1 day'"]
        asked += [
            f"select count(*) from metrics.{name} as f where not exists"
            " (select from zendesk.tickets as t where t.id = f.ticket_id)"
            for name in fact_tables(connection)
            if name != "fct_call"
        ]
        return sum(connection.execute(text(one), {"at": cutoff}).scalar_one() for one in asked)


@pytest.fixture
def organization_of(
    terminal: Terminal, sandbox: peers.Sandbox, engine: Engine
) -> Callable[[int], str]:
    """Makes organizations of a clock, connected to the same account, one day run."""

    def make(days: int) -> str:
        slug = f"past-{uuid4().hex[:8]}"
        connect(terminal, sandbox, slug)
        rows(engine, slug, "update app.organizations set retention_days = :days", days=days)
        done = terminal.run("run", "--org", slug, *NO_MODELS)
        assert done.returncode == 0, done.stderr
        return slug

    return make


def test_a_day_past_the_clock_is_measured_as_if_it_had_been_watched_and_nothing_stays(
    terminal: Terminal, engine: Engine, organization_of: Callable[[int], str]
) -> None:
    """One organization watched four weeks, one has a clock of a week and goes back, is killed while
    it does and goes on. Both have the same figures of those days; newer days do not change; what is
    sealed is left by another backfill; no old ticket and no word is left.
    """
    watched, went_back = organization_of(30), organization_of(CLOCK)
    today = datetime.now(UTC).date()
    first, last = today - timedelta(days=14), today - timedelta(days=13)
    asked = ("backfill", "--org", went_back, "--from", str(first), "--to", str(last))
    newer = measured(engine, went_back, today - timedelta(days=CLOCK), today)

    killed = terminal.popen(*asked)
    wait_for(engine, went_back, "select from app.backfill_windows where state = 'measured'")
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    done = terminal.run(*asked)

    assert done.returncode == 0, done.stderr
    assert measured(engine, went_back, first, last) == measured(engine, watched, first, last)
    assert measured(engine, went_back, today - timedelta(days=CLOCK), today) == newer
    assert of_old_tickets(engine, went_back, datetime.now(UTC) - timedelta(days=CLOCK)) == 0
    states = "select state, count(*) from app.backfill_windows group by 1"
    assert rows(engine, went_back, states) == [("done", 2)]
    assert rows(engine, went_back, "select from app.backfills where ended_at is null") == []
    sealed = "select distinct metric_day from app.metric_day_seals order by 1"
    assert rows(engine, went_back, sealed) == [(first,), (last,)]

    again = terminal.run(*asked)
    assert again.returncode == 0, again.stderr
    assert "measured and sealed: left as it is" in again.stdout
    assert measured(engine, went_back, first, last) == measured(engine, watched, first, last)
    purged = terminal.run("retention", "--org", went_back)
    assert purged.returncode == 0, purged.stderr
    between = "select from app.metric_day_seals where metric_day > :last and metric_day < :kept"
    kept = today - timedelta(days=CLOCK)
    assert rows(engine, went_back, between, last=last, kept=kept) == []


def test_a_day_inside_the_clock_is_read_again_and_loses_nothing(
    terminal: Terminal, engine: Engine, organization_of: Callable[[int], str]
) -> None:
    """Comments that went missing come back; no cursor of the daily run moves."""
    slug = organization_of(30)
    day = rows(
        engine, slug, "select created_at::date from zendesk.comments order by created_at offset 40"
    )[0][0]
    here = "select count(*), min(changed_at), max(changed_at) from zendesk.{}"
    before = [rows(engine, slug, here.format(name)) for name in ("comments", "comment_contents")]
    cursors = "select stream, cursor from app.watermarks where source = 'zendesk' order by 1"
    daily = rows(engine, slug, cursors)
    figures = measured(engine, slug, day, day)
    gone = "created_at >= :day and created_at < cast(:day as date) + 1"
    rows(engine, slug, f"delete from zendesk.comments where {gone}", day=day)

    done = terminal.run(
        "backfill", "--org", slug, "--from", str(day - timedelta(days=1)), "--to", str(day)
    )

    assert done.returncode == 0, done.stderr
    after = [rows(engine, slug, here.format(name)) for name in ("comments", "comment_contents")]
    assert after == before
    assert [one for one in rows(engine, slug, cursors) if one[0] != "backfill"] == daily
    assert measured(engine, slug, day, day) == figures


def wait_for(engine: Engine, slug: str, statement: str, seconds: float = 240) -> None:
    until = time.monotonic() + seconds
    while not rows(engine, slug, statement):
        assert time.monotonic() < until, statement
        time.sleep(0.05)
