"""Scores of a whole day, measured against what the sandbox knows to be true."""

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from cli import peers
from cli.main import app
from tests.flows.conftest import Terminal
from warehouse.sessions import find_organization, tenant_session

STAGES = ("--stages", "extract,score")
# As a worker does, and what it leaves in Prefect.
BY_WORKER = """
import asyncio, json, sys
from cli import orchestrator
from tasks.settings import load_settings
orchestrator.configure(load_settings().home)
from prefect.client.orchestration import get_client
from flows.evaluation import evaluation
counts = evaluation(org=sys.argv[1])
async def shown():
    async with get_client() as client:
        found = await client.read_artifacts()
        return [one.data for one in found if one.key == f"evaluation-{sys.argv[1]}"]
print(json.dumps({"counts": counts, "shown": asyncio.run(shown())}))
"""


def test_the_weekly_flow_stores_figures_and_shows_aggregates(
    terminal: Terminal, connected: str, engine: Engine
) -> None:
    """Counts leave the step, and a table of figures: no ticket's id, no word."""
    done = terminal.run("run", "--org", connected, *STAGES)
    assert done.returncode == 0, done.stderr
    worker = subprocess.run(
        [sys.executable, "-c", BY_WORKER, connected],
        env=terminal.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert worker.returncode == 0, worker.stderr
    told = json.loads(worker.stdout.splitlines()[-1])
    with tenant_session(engine, find_organization(engine, connected).org_id) as connection:
        stored = connection.execute(text("select figure, value, n from ai.evaluations")).all()
    assert told["counts"] == {connected: len(stored)}
    assert len(stored) >= 3
    [table] = told["shown"]
    assert len(json.loads(table)) == len(stored)
    figures = {row.figure: row for row in stored}
    assert figures["quote_validity"].value == 1.0
    assert figures["csat_spearman"].n > 3


@pytest.mark.usefixtures("settings_environment")
def test_the_sandbox_s_truth_is_told_where_an_organization_is_connected_to_it(
    terminal: Terminal, connected: str, sandbox: peers.Sandbox, tmp_path: Path
) -> None:
    """What it made is scored as it was meant; the picture's and the table's figures are these."""
    done = terminal.run("run", "--org", connected, *STAGES)
    assert done.returncode == 0, done.stderr
    command = psutil.Process(sandbox.pid).cmdline()
    (tmp_path / "sandbox").symlink_to(command[command.index("--state") + 1])
    told = CliRunner().invoke(
        app, ["evaluate", "--org", connected, "--json"], catch_exceptions=False
    )
    found = {
        one["capability"]: one for one in json.loads(told.stdout) if one["source"] == "sandbox"
    }
    assert found["sentiment"]["n"] > 50
    assert found["sentiment"]["figures"]["macro_f1"] > 0.7
    steps = found["procedures"]
    assert steps["n"] > 10
    assert steps["figures"]["precision"] >= 0.9
    assert steps["figures"]["recall"] >= 0.6
