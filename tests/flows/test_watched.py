"""What a run shows of itself in Prefect and tells Sentry: names, a page, how far it is, why not."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli import orchestrator, peers
from tests.flows.conftest import Terminal
from tests.flows.elsewhere import collecting_errors
from tests.flows.running import signed_in
from tests.flows.seeking import unpacked

Asked = Callable[..., list[dict[str, Any]]]
# A stage that reports as it goes on, with bars that move at once.
REPORTING = """
import sys
from cli import orchestrator
from tasks.settings import load_settings
orchestrator.configure(load_settings().home)
from prefect import flow
from tasks import artifacts
from tasks.progress import report
artifacts.EVERY_SECONDS = 0.0
@flow(persist_result=False)
def reporting(slug):
    with artifacts.showing_progress(slug):
        for done in range(4):
            report("embed", done, total=4, note="tickets")
            report("extract", done, note="users")
reporting(sys.argv[1])
report("embed", 1)
artifacts.show_page("outside", "no run", "none")
"""


@pytest.fixture
def asked(terminal: Terminal, vensor_home: Path) -> Asked:
    """Asks the API of the Prefect server."""
    server = orchestrator.ensure_running(vensor_home)

    def ask(what: str, **told: object) -> list[dict[str, Any]]:
        with signed_in(server) as client:
            answer = client.post(f"/{what}/filter", json=told)
        assert answer.is_success, answer.text
        return answer.json()

    return ask


def _artifacts(asked: Asked, key: str) -> list[dict[str, Any]]:
    found = asked("artifacts", artifacts={"key": {"any_": [key]}})
    return sorted(found, key=lambda one: one["created"])


def test_a_run_is_named_and_summed_up(
    terminal: Terminal, connected: str, sandbox: peers.Sandbox, asked: Asked
) -> None:
    """Rows a stage, quarantine, freshness, gates, what is next; then the failure and what to do."""
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    with collecting_errors() as sentry:
        told = replace(terminal, environment=terminal.environment | {"SENTRY_DSN": sentry.dsn})
        done = told.run("run", "--org", connected, "--stages", "extract,check")
        assert done.returncode == 0, done.stderr
        envelopes = b"\n".join(part for one in sentry.received for part in unpacked(one))
    (run,) = asked("flow_runs", flow_runs={"name": {"any_": [f"organization {connected} {today}"]}})
    tasks = asked("task_runs", task_runs={"flow_run_id": {"any_": [run["id"]]}})
    names = {one["name"] for one in tasks}
    assert f"extract stream {connected} tickets {today}" in names
    assert f"check gate {connected} after_load {today}" in names
    (page,) = _artifacts(asked, f"summary-{connected}")
    assert page["flow_run_id"] == run["id"]
    summary = page["data"]
    assert f"# {connected}, as of {today}" in summary
    for said in ("| extract | ", "| check | ", "## Quarantine", "| tickets | 0.0 |", "after"):
        assert said in summary
    assert sandbox.zendesk["acme"]["base_url"] in summary
    assert b'"type":"transaction"' in envelopes.replace(b" ", b"")
    assert f'"organization":"{connected}"'.encode() in envelopes.replace(b" ", b"")
    everyone = [one[kind] for one in sandbox.canaries["acme"] for kind in ("name", "email")]
    shown = summary + json.dumps([run, *tasks])
    assert [one for one in everyone if one in shown or one.encode() in envelopes] == []
    _its_failure_is_told(terminal, connected, asked)


def _its_failure_is_told(terminal: Terminal, slug: str, asked: Asked) -> None:
    """In the state of run and step, on the page, and in one line of the terminal."""
    left = terminal.run("disconnect", "zendesk", "--org", slug)
    assert left.returncode == 0, left.stderr
    failed = terminal.run("run", "--org", slug, "--stages", "extract,check")
    assert failed.returncode == 1
    assert len(failed.stderr.strip().splitlines()) == 1
    assert "vensor connect zendesk" in failed.stderr
    *_, run = asked("flow_runs", flow_runs={"name": {"like_": slug}}, sort="START_TIME_ASC")
    assert run["state"]["type"] == "FAILED"
    assert "(settings: do what it says, then run again)" in run["state"]["message"]
    *_, page = _artifacts(asked, f"summary-{slug}")
    assert "failed (settings)" in page["description"]
    assert f"then `vensor run --org {slug}`" in page["data"]
    assert "| check |  |  |  |  | not done |" in page["data"]


def test_a_stage_that_takes_its_time_has_a_bar(
    terminal: Terminal, connected: str, asked: Asked
) -> None:
    """Per stage; full at the end. Outside of a run nothing is shown, and no server started."""
    done = subprocess.run(
        [sys.executable, "-c", REPORTING, connected],
        env=terminal.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (embed,) = _artifacts(asked, f"progress-{connected}-embed")
    (extract,) = _artifacts(asked, f"progress-{connected}-extract")
    assert embed["type"] == extract["type"] == "progress"
    assert float(embed["data"]) == float(extract["data"]) == 100.0
    assert embed["description"] == "embed: over"
    assert _artifacts(asked, "outside") == []
