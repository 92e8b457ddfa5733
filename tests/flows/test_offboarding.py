"""An organization leaves, from the terminal: killed again and again, and gone in the end."""

import re
import time
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import Engine, text

from cli import orchestrator, peers
from tests.flows.conftest import Terminal, connect
from tests.flows.running import signed_in
from warehouse import offboarding
from warehouse.sessions import directory, find_organization, tenant_session

STAGES = ("--stages", "extract,check,measure,publish")
KILLED_AFTER = (1, 3, 5, 7)  # steps of eight


def _rows(engine: Engine, org_id: UUID) -> dict[str, int]:
    with tenant_session(engine, org_id) as connection:
        return offboarding.rows_left(connection)


def _steps(engine: Engine, org_id: UUID) -> dict[str, object]:
    with tenant_session(engine, org_id) as connection:
        found = offboarding.find(connection)
    return dict(found.steps) if found else {}


def _told_by_prefect(home: Path, slug: str) -> list[str]:
    """What the Prefect server has that names the organization."""
    server = orchestrator.find(home)
    assert server is not None
    found = []
    with signed_in(server) as client:
        for kind in ("flow_runs", "artifacts"):
            rows = client.post(f"/{kind}/filter", json={"limit": 200}).json()
            found += [kind for row in rows if re.search(rf"{slug}(?!-stays)", str(row))]
    return found


def test_an_organization_leaves_and_another_does_not_notice(
    terminal: Terminal, sandbox: peers.Sandbox, engine: Engine, vensor_home: Path, tmp_path: Path
) -> None:
    """SIGKILL after each second step, then the same command to its end."""
    leaves = connect(terminal, sandbox, f"leaves-{uuid4().hex[:8]}")
    stays = connect(terminal, sandbox, f"{leaves}-stays", "globex")
    for slug in (leaves, stays):
        done = terminal.run("run", "--org", slug, *STAGES)
        assert done.returncode == 0, done.stderr
    assert terminal.run("bi", "grant", "--org", leaves).returncode == 0
    org_id, other = (find_organization(engine, one).org_id for one in (leaves, stays))
    before = _rows(engine, other)
    assert {"flow_runs", "artifacts"} <= set(_told_by_prefect(vensor_home, leaves))

    command = ("org", "delete", "--org", leaves, "--out", str(tmp_path / "out"))
    asked = terminal.run(*command)
    assert f"vensor org approve-delete --org {leaves}" in asked.stdout
    refused = terminal.run("org", "approve-delete", "--org", leaves)
    assert (refused.returncode, "four eyes" in refused.stderr) == (1, True)
    second = replace(terminal, environment=terminal.environment | {"VENSOR_ACTOR": "local:second"})
    assert second.run("org", "approve-delete", "--org", leaves).returncode == 0
    unsure = terminal.run(*command)
    assert (unsure.returncode, f"--confirm {leaves}" in unsure.stderr) == (1, True)

    _kill_again_and_again(terminal, engine, org_id, (*command, "--confirm", leaves))
    done = terminal.run(*command, "--confirm", leaves)
    assert done.returncode == 0, done.stderr
    assert _rows(engine, org_id) == {}
    assert leaves not in {one.slug for one in directory(engine)}
    assert _rows(engine, other) == before
    assert _told_by_prefect(vensor_home, leaves) == []
    told = terminal.run("org", "certificate", str(tmp_path / "out" / "certificate.json"))
    assert told.stdout.startswith(f"good: {leaves} ({org_id}) was deleted"), told.stderr
    steps = _steps(engine, org_id)
    assert steps["revoke"]["zendesk"] == "revoked"
    assert steps["logins"] == {"logins": 1, "sessions": 0}
    with engine.connect() as connection:
        role = text("select count(*) from pg_roles where rolname = :name")
        assert connection.execute(role, {"name": f"bi_{leaves}"}).scalar() == 0
    assert "was deleted" in terminal.run(*command, "--confirm", leaves).stdout


def _kill_again_and_again(
    terminal: Terminal, engine: Engine, org_id: UUID, command: tuple[str, ...]
) -> None:
    kills = 0
    for steps in KILLED_AFTER:
        process = terminal.popen(*command)
        while process.poll() is None and len(_steps(engine, org_id)) < steps:
            time.sleep(0.002)
        kills += process.poll() is None
        process.kill()
        process.communicate()
    assert kills >= 3, "the kills must fall within the deletion"
