"""Retention of everyone: one that fails stops no other, and is named at the end."""

import json
import subprocess
import sys
from uuid import uuid4

from sqlalchemy import Engine, text

from tests.flows.conftest import Terminal
from tests.flows.test_gates import SHOWN
from warehouse.sessions import Logins, engine_for, find_organization, tenant_session


def _rows(engine: Engine, slug: str, statement: str) -> list[tuple]:
    with tenant_session(engine, find_organization(engine, slug).org_id) as connection:
        done = connection.execute(text(statement))
        return [tuple(row) for row in done] if done.returns_rows else []


def test_one_organization_s_failure_stops_no_other_and_is_named(
    lonely_terminal: Terminal, logins: Logins, worker_id: str
) -> None:
    """Its time zone is none. The others' days are measured, purged and proven."""
    terminal, fine, broken = (
        lonely_terminal,
        *(f"{x}-{uuid4().hex[:6]}" for x in ("fine", "broken")),
    )
    for slug in (fine, broken):
        assert terminal.run("org", "add", slug, "--name", slug).returncode == 0
    engine = engine_for(logins.loader.set(database=f"lonely_{worker_id}"))
    _rows(engine, broken, "update app.organizations set timezone = 'Mars/Base'")
    done = terminal.run("retention")
    assert done.returncode == 1
    assert f"{broken} failed: 'Mars/Base' of {broken} is no IANA time zone" in done.stderr
    assert f"{fine}, before" in done.stderr
    assert f"{fine} failed" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    actions = "select action from audit.events where action like 'retention.%'"
    assert {row[0] for row in _rows(engine, fine, actions)} == {
        "retention.purge",
        "retention.proof",
    }
    assert _rows(engine, broken, actions) == []
    _rows(engine, broken, "update app.organizations set timezone = 'UTC'")
    engine.dispose()


def test_a_run_leaves_a_proof_and_a_table_in_prefect(terminal: Terminal) -> None:
    """Counts by class; the terminal lists and verifies the proof."""
    slug = f"proven-{uuid4().hex[:6]}"
    assert terminal.run("org", "add", slug, "--name", slug).returncode == 0
    done = terminal.run("retention", "--org", slug)
    assert done.returncode == 0, done.stderr
    told = terminal.run("retention", "proofs", "--org", slug)
    assert told.returncode == 0, told.stderr
    assert "every signature is good" in told.stdout
    assert "content" in told.stdout
    shown = subprocess.run(
        [sys.executable, "-c", SHOWN, f"retention-{slug}"],
        env=terminal.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    (table,) = json.loads(shown.stdout)
    rows = json.loads(table) if isinstance(table, str) else table
    assert {row["class"] for row in rows} >= {"content", "skeleton", "audit", "outbox"}
    assert rows[0].keys() == {"class", "before", "deleted", "held", "after", "oldest"}
