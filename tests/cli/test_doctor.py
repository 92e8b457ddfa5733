"""`vensor doctor`: a table for people, JSON for programs, a status for scripts."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from cli.demo import connect_to
from cli.main import app
from cli.peers import Sandbox
from tasks.connections import StoredCredentials, store_zendesk
from tasks.resources import Resources
from warehouse.audit import find_events


def _doctor(*arguments: str) -> Result:
    told = CliRunner().invoke(app, ("doctor", *arguments), env={"COLUMNS": "300"})
    assert told.exit_code in (0, 1), told.exception
    return told


def _found(result: Result) -> dict[str, dict[str, str]]:
    return {one["subject"]: one for one in json.loads(result.stdout)}


def test_an_organization_is_looked_over_in_all_that_is_its(
    resources: Resources, sandbox: Sandbox
) -> None:
    """Connected and never run, nothing is to do; of no other organization is anything told."""
    slug = resources.organization.slug
    connect_to(sandbox, resources, "acme")
    result = _doctor("--org", slug, "--json")
    found = _found(result)
    assert {name: one for name, one in found.items() if one["state"] == "to do"} == {}
    assert result.exit_code == 0
    named = ("streams", "Zendesk", "Slack", "models", "keys", "freshness", "gates", "quarantine")
    named += ("retention", "audit trail", "requests")
    assert {f"{slug}: {name}" for name in named} <= found.keys()
    assert {"key-encryption key", "warehouse", "migrations", "roles", "disk"} <= found.keys()
    assert {"Prefect", "models", "members", "sandbox", "Sentry", "you"} <= found.keys()
    of_organizations = {name for name in found if ": " in name} - {"clock: warehouse"}
    assert all(name.startswith(f"{slug}: ") for name in of_organizations)
    shown = _doctor("--org", slug)
    assert f"{slug}: streams of Zendesk" in shown.stdout
    assert "what to do" in shown.stdout


def test_it_exits_1_while_there_is_to_do(resources: Resources) -> None:
    """Nothing is connected yet: the commands that do it are named."""
    slug = resources.organization.slug
    result = _doctor("--org", slug, "--json")
    found = _found(result)
    assert result.exit_code == 1
    for provider in ("Zendesk", "Slack"):
        one = found[f"{slug}: {provider}"]
        assert one["state"] == "to do"
        assert f"vensor connect {provider.lower()}" in one["meaning"]


def test_an_organization_that_there_is_not(resources: Resources) -> None:
    """Said as any command does."""
    result = _doctor("--org", "nobody", "--json")
    assert result.exit_code == 1
    assert "no organization 'nobody'" in _found(result)["you"]["meaning"]


def test_an_account_that_is_away_is_one_line_and_its_streams_are_none(
    resources: Resources, sandbox: Sandbox
) -> None:
    """Within seconds, and without a word of any library."""
    slug = resources.organization.slug
    connect_to(sandbox, resources, "acme")
    credentials = StoredCredentials(resources).load()
    store_zendesk(resources, base_url="http://127.0.0.1:9", credentials=credentials)
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", "from cli.main import main; main()", "doctor", "--org", slug],
        env=os.environ | {"COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert time.monotonic() - began < 20
    assert done.returncode == 1
    assert done.stderr == ""
    (line,) = (one for one in done.stdout.splitlines() if f"{slug}: Zendesk" in one)
    assert "did not answer (ConnectError)" in line
    assert "is its address right" in line
    assert "streams" not in done.stdout


def test_what_is_opened_to_be_looked_at_is_in_the_audit_trail(
    resources: Resources, sandbox: Sandbox
) -> None:
    """The token of Slack was read, by whom, in order to look it over."""
    connect_to(sandbox, resources, "acme")
    _doctor("--org", resources.organization.slug)
    with resources.session() as connection:
        events = find_events(connection, action="read.secret", limit=50)
    assert {one.actor for one in events} == {resources.settings.actor}
    assert events


def test_before_there_is_a_warehouse_it_says_so(tmp_path: Path) -> None:
    """One line each in its table, no traceback, no server started."""
    done = subprocess.run(
        [sys.executable, "-c", "from cli.main import main; main()", "doctor"],
        env={"VENSOR_HOME": str(tmp_path), "PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "run `vensor init`" in " ".join(done.stdout.split())
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "prefect.json").exists()


def test_no_library_is_imported_before_it_is_needed() -> None:
    """Prefect, dbt and their like take seconds: `vensor doctor --help` does not wait for them."""
    heavy = "{'prefect', 'dbt', 'great_expectations', 'openai', 'altair', 'sentry_sdk'}"
    script = f"import sys, cli.main; sys.exit(', '.join({heavy} & set(sys.modules)) or None)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
