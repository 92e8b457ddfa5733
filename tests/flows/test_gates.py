"""Write, audit, publish: a closed gate changes nothing that is read, and says what it found."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from sqlalchemy import Engine, text

from cli import peers
from tests.flows.conftest import Terminal
from warehouse.sessions import Logins, engine_for, find_organization, tenant_session

# What Prefect shows of the gate.
SHOWN = """
import asyncio, json, sys
from cli import orchestrator
from tasks.settings import load_settings
orchestrator.configure(load_settings().home)
from prefect.client.orchestration import get_client
async def shown():
    async with get_client() as client:
        found = sorted(await client.read_artifacts(), key=lambda one: one.created)
        return [one.data for one in found if one.key == sys.argv[1]]
print(json.dumps(asyncio.run(shown())))
"""


def _published(engine: Engine, slug: str) -> list[tuple]:
    with tenant_session(engine, find_organization(engine, slug).org_id) as connection:
        rows = connection.execute(text("select * from metrics.fct_ticket_flow_daily"))
        return sorted(map(tuple, rows), key=str)


def _spoil(logins: Logins, engine: Engine, slug: str) -> None:
    """Three candidate rows of one channel: more tickets solved for the first time than solved."""
    transformer = engine_for(logins.transformer)
    with tenant_session(transformer, find_organization(engine, slug).org_id) as connection:
        spoiled = connection.execute(
            text("""
                update candidate.fct_ticket_flow_daily set first_solved = solved + 777000
                where ctid in (select ctid from candidate.fct_ticket_flow_daily limit 3)
            """)
        )
        assert spoiled.rowcount == 3
    transformer.dispose()


def _messages(sandbox: peers.Sandbox) -> list[str]:
    answer = httpx.get(
        f"{sandbox.control_url}/slack/messages",
        headers={"Authorization": f"Bearer {sandbox.control_token}"},
    )
    return [json.dumps(one) for one in answer.json()["messages"]]


def test_a_closed_gate_leaves_yesterday_s_tables_in_place(
    terminal: Terminal, connected: str, sandbox: peers.Sandbox, engine: Engine, logins: Logins
) -> None:
    """The error names expectation and rows; who may escalate is told of; then a run repairs it."""
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    built = ("--stages", "extract,measure,publish", "--as-of", yesterday)
    assert terminal.run("run", "--org", connected, *built).returncode == 0
    before = _published(engine, connected)
    assert before
    assert terminal.run("run", "--org", connected, "--stages", "measure").returncode == 0
    assert _published(engine, connected) == before
    _spoil(logins, engine, connected)
    posted = len(_messages(sandbox))
    closed = terminal.run("run", "--org", connected, "--stages", "publish,escalate")
    assert closed.returncode == 1
    told = (
        f"{connected}: the gate before_publish is closed: candidate.fct_ticket_flow_daily.solved"
        " at least first_solved (3 rows)"
    )
    assert told in closed.stderr
    assert len(closed.stderr.strip().splitlines()) == 1
    assert _published(engine, connected) == before
    (message,) = _messages(sandbox)[posted:]
    assert "figures held back" in message
    _page_is_kept(terminal, connected, closed.stderr)
    _prefect_shows_it(terminal, connected)
    repaired = terminal.run("run", "--org", connected, "--stages", "measure,publish")
    assert repaired.returncode == 0, repaired.stderr
    after = _published(engine, connected)
    assert after != before
    assert "777" not in str(after)


def _page_is_kept(terminal: Terminal, slug: str, stderr: str) -> None:
    page = Path(re.search(r"; (/\S+[.]html)", stderr)[1])
    assert "777" not in page.read_text() + page.with_suffix(".json").read_text()
    listed = json.loads(terminal.run("gates", "--org", slug, "--json").stdout)
    assert listed[0]["suite"] == "before_publish"
    assert listed[0]["state"] == "closed"
    assert listed[0]["page"] == str(page)
    assert any("at least first_solved (3 rows)" in one for one in listed[0]["failed"])


def _prefect_shows_it(terminal: Terminal, slug: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-c", SHOWN, f"gate-{slug}-before-publish"],
        env=terminal.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    first = json.loads(json.loads(shown.stdout.splitlines()[-1])[-1])[0]
    assert first == {
        "suite": "before_publish",
        "table": "candidate.fct_ticket_flow_daily",
        "column": "solved",
        "expectation": "at least first_solved",
        "rows": 3,
        "holds": "no (critical)",
    }
