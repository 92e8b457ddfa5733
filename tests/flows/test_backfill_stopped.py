"""A backfill that is stopped, killed and cancelled: what is done stays, and the rest goes on."""

import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from cli import peers
from tests.flows.conftest import Terminal, connect
from tests.flows.deployed import Server, deployed
from tests.flows.digests import digest
from tests.flows.test_backfill import NO_MODELS, measured, rows, wait_for
from warehouse.sessions import find_organization

TODAY = datetime.now(UTC).date()
FIRST, LAST = TODAY - timedelta(days=14), TODAY - timedelta(days=1)  # a week at once, and another
STATES = "select state, count(*) from app.backfill_windows group by 1 order by 1"
RUNS = "from app.runs where flow = 'backfill' and state = 'running'"
LOADED = f"select {RUNS} and run_id in (select run_id from app.run_stages where stage = 'load')"


@pytest.fixture
def server(terminal: Terminal, vensor_home: Path, tmp_path: Path) -> Iterator[Server]:
    """The server, with the deployment and a worker, which ends with the test."""
    with deployed(terminal, vensor_home, tmp_path) as made:
        yield made


def robbed(terminal: Terminal, sandbox: peers.Sandbox, engine: Engine) -> str:
    """An organization that was read, and whose comments of two weeks went missing then."""
    slug = connect(terminal, sandbox, f"robbed-{uuid4().hex[:8]}")
    done = terminal.run("run", "--org", slug, *NO_MODELS)
    assert done.returncode == 0, done.stderr
    gone = "delete from zendesk.comments where created_at::date between :first and :last"
    rows(engine, slug, gone, first=FIRST, last=LAST)
    return slug


def test_stopped_killed_and_cancelled_it_ends_with_the_rows_of_one_that_was_not(
    server: Server, terminal: Terminal, sandbox: peers.Sandbox, engine: Engine
) -> None:
    """Ctrl-C while days are loaded, a kill while they are measured, Cancel in the week after."""
    whole, stopped = (robbed(terminal, sandbox, engine) for _ in range(2))
    asked = ("--from", str(FIRST), "--to", str(LAST))
    done = terminal.run("backfill", "--org", whole, *asked)
    assert done.returncode == 0, done.stderr

    process = terminal.popen("backfill", "--org", stopped, *asked)
    wait_for(engine, stopped, "select from app.watermarks where stream = 'backfill'")
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told.strip() == "vensor: stopped; the same command goes on from here"
    assert rows(engine, stopped, STATES) == [("pending", 14)]
    assert rows(engine, stopped, f"select {RUNS}") == []

    killed = terminal.popen("backfill", "--org", stopped, *asked)
    wait_for(engine, stopped, LOADED)
    killed.kill()
    killed.communicate()
    assert rows(engine, stopped, STATES) == [("pending", 14)]

    days = {"from_day": str(FIRST), "to_day": str(LAST)}
    run = server.begin({"org": stopped, **days})
    wait_for(engine, stopped, "select from app.backfill_windows where state = 'done'")
    server.api("POST", f"/flow_runs/{run}/set_state", {"state": {"type": "CANCELLING"}})
    _wait_until_cancelled(server, run)
    assert rows(engine, stopped, STATES) == [("done", 7), ("pending", 7)]
    assert rows(engine, stopped, f"select {RUNS}") == []

    again = terminal.run("backfill", "--org", stopped, *asked)
    assert again.returncode == 0, again.stderr
    left = f"{FIRST + timedelta(days=7)} to {LAST}: load"
    assert [line[: len(left)] for line in again.stdout.splitlines() if ": load" in line] == [left]
    assert rows(engine, stopped, STATES) == [("done", 14)]
    assert _said(engine, stopped) == _said(engine, whole)
    assert measured(engine, stopped, FIRST, LAST) == measured(engine, whole, FIRST, LAST)


def _said(engine: Engine, slug: str) -> dict[str, tuple[int, str]]:
    found = digest(engine, find_organization(engine, slug).org_id)
    assert found["zendesk.comments"][0] > 100
    return found


def _wait_until_cancelled(server: Server, run: str) -> None:
    until = time.monotonic() + 120
    while (state := server.api("GET", f"/flow_runs/{run}")["state"]["type"]) != "CANCELLED":
        assert time.monotonic() < until, state
        time.sleep(0.5)
