"""A soak: what it finds, and that a short one finds nothing."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from benchmarks.soak.ended import past
from benchmarks.soak.flat import Trend, trends
from benchmarks.soak.night import Night, looking
from warehouse.clocks import Clocks
from warehouse.sessions import Logins, Organization, tenant_session

MIB = 2**20
NIGHTS = 60


def _night(number: int, **told: object) -> Night:
    """One of a desk at which nothing grows, but for what is told."""
    usual = {
        "day": (date(2026, 1, 1) + timedelta(days=number)).isoformat(),
        "seconds": 1.0,
        "rss_bytes": 400 * MIB,
        "prefect_rss_bytes": 200 * MIB,
        "processes": 3,
        "threads": 12,
        "descriptors": 40,
        "connections": 2,
        "warehouse_bytes": 90 * MIB,
        "ending_bytes": 60 * MIB,
        "lasting_bytes": 10 * MIB + number * 1000,
        "catalog_bytes": 20 * MIB,
        "log_bytes": 100 * MIB,
        "home_bytes": 5 * MIB,
        "prefect_bytes": 9 * MIB,
        "keys": {"active": 6, "destroyed": number // 7},
        "partitions": {"zendesk.ticket_contents": 32},
        "rows": {"zendesk.tickets": 900 + 60 * (number % 7 > 4), "app.runs": 3 * number},
    }
    return Night(**(usual | told))  # type: ignore[arg-type]


def _grown(nights: list[Night]) -> list[Trend]:
    found = trends(nights, {"app.runs"}, clock_days=30)
    assert found
    return [one for one in found if not one.holds]


def test_a_desk_with_quiet_weekends_is_flat() -> None:
    """Its tickets swing with the week; its runs are as many more every night."""
    assert _grown([_night(number) for number in range(NIGHTS)]) == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("memory of the process", lambda n: {"rss_bytes": (400 + 2 * n) * MIB}),
        ("its open files", lambda n: {"descriptors": 40 + n // 2}),
        ("partitions", lambda n: {"partitions": {"zendesk.ticket_contents": 32 + n}}),
        ("keys that open", lambda n: {"keys": {"active": 6 + n // 7}}),
        ("zendesk.tickets", lambda n: {"rows": {"zendesk.tickets": 20 * n, "app.runs": 3 * n}}),
        (
            "app.runs, rows a night",
            lambda n: {"rows": {"zendesk.tickets": 900, "app.runs": 3 * n + max(0, n - 40) ** 2}},
        ),
    ],
)
def test_what_goes_on_growing_is_named(name: str, told) -> None:
    """A leak of two MiB a day, of half a file, of days and keys that nobody ends."""
    grown = _grown([_night(number, **told(number)) for number in range(NIGHTS)])
    assert name in {one.name for one in grown}


def test_too_few_nights_tell_nothing() -> None:
    """Before the clocks are full everything grows."""
    assert trends([_night(number) for number in range(48)], set(), clock_days=30) == []


def test_what_is_left_past_its_clock_is_found(
    home: Path, logins: Logins, engine: Engine, organization: Organization
) -> None:
    """A sealed word, a message and a ticket's state of a month ago; not those of yesterday."""
    now = datetime.now(UTC)
    for days, number in ((31, 1), (1, 2)):
        at = now - timedelta(days=days)
        with tenant_session(engine, organization.org_id) as connection:
            for statement in (
                "insert into zendesk.ticket_contents (org_id, ticket_id, sealed, changed_at)"
                " values (:org_id, :number, 'x', :at)",
                "insert into zendesk.ticket_metrics (org_id, ticket_id, changed_at)"
                " values (:org_id, :number, :at)",
                "insert into app.outbox"
                " (org_id, message_key, channel, blocks, fallback, created_at)"
                " values (:org_id, cast(:number as text), 'c', '[]', '', :at)",
            ):
                told = {"org_id": organization.org_id, "number": number, "at": at}
                connection.execute(text(statement), told)
    with looking(home, str(logins.loader.database)) as connection:
        clocks = Clocks(30, 90, 90)
        faults = past([organization], clocks, connection, now)
        found = [one for one in faults if organization.slug in one]
    assert sorted(found) == [
        f"past its clock: 1 of {table} of {organization.slug}"
        for table in ("app.outbox", "zendesk.ticket_contents", "zendesk.ticket_metrics")
    ]


@pytest.mark.skipif(shutil.which("cc") is None, reason="the clock is compiled")
def test_days_leave_nothing_past_its_clock(tmp_path: Path) -> None:
    """Two desks with a clock of a day: after the second night the first day is sealed."""
    out = tmp_path / "soak.json"
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PREFECT_", "VENSOR_"))
    }
    command = [sys.executable, "-m", "benchmarks.soak", "--days", "2", "--organizations", "2"]
    done = subprocess.run(
        [*command, "--tickets", "6", "--clock-days", "1", "--out", str(out)],
        env=kept,
        capture_output=True,
        text=True,
        timeout=1_500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(out.read_text())
    assert told["faults"] == {}
    days = [date.fromisoformat(night["day"]) for night in told["nights"]]
    assert days == [days[0] + timedelta(days=number) for number in range(2)]
    assert days[0] > datetime.now(UTC).date()
    last = told["nights"][-1]["rows"]
    assert last["zendesk.tickets"] > 0
    assert last["app.metric_day_seals"] > 0
    assert last["app.runs"] == 2 * 2
    assert last["metrics.fct_ticket_flow_daily"] > 0
    assert told["nights"][-1]["connections"] == told["nights"][0]["connections"]
