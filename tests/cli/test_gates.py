"""What the terminal says of gates: which are open, what closed the others, and their pages."""

import json
from datetime import UTC, datetime
from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from cli.main import app
from tasks.diagnosis import Finding
from tasks.diagnosis.organization import check_gates
from tasks.quality import Check, GateResult, keep
from tasks.resources import Resources

IN_RANGE = Check("zendesk.calls", "in range", "wait_seconds", "critical", True, 0)
UNKNOWN = Check("zendesk.tickets", "known value", "status", "critical", False, 3)
UNUSUAL = Check("zendesk.tickets", "a day's rows not unusual", "created_at", "warning", False, 1)


def _vensor(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def _keep(resources: Resources, suite: str, *checks: Check, day: int) -> Path:
    home, slug = resources.settings.home, resources.organization.slug
    as_of = datetime(2026, 3, day, 12, tzinfo=UTC)
    return keep(home, slug, GateResult(suite, checks), as_of=as_of)


def test_the_latest_gates_are_listed_with_what_does_not_hold(resources: Resources) -> None:
    """Open with a warning, and closed: expectations and counts, never a value."""
    slug = resources.organization.slug
    assert "no gate has been run" in _vensor("gates", "--org", slug).stdout
    page = _keep(resources, "after_load", IN_RANGE, UNKNOWN, day=9)
    _keep(resources, "after_load", IN_RANGE, UNUSUAL, day=10)
    latest, former = json.loads(_vensor("gates", "--org", slug, "--json").stdout)
    assert (latest["state"], latest["failed"], len(latest["warnings"])) == ("open", [], 1)
    assert former["state"] == "closed"
    assert former["failed"] == ["zendesk.tickets.status known value (3 rows)"]
    assert former["page"] == str(page)
    shown = _vensor("gates", "--org", slug, "--limit", "1").stdout
    assert "a day's rows not unusual (1 row), a warning" in shown
    assert "closed" not in shown


def test_doctor_names_a_gate_that_is_closed(resources: Resources) -> None:
    """Until it is open again."""
    settings, slug = resources.settings, resources.organization.slug

    def found() -> Finding:
        (one,) = check_gates(settings, slug)
        return one

    assert found().ok is None
    page = _keep(resources, "after_load", UNKNOWN, day=9)
    assert found().meaning == f"after_load is closed: {page}"
    _keep(resources, "after_load", IN_RANGE, day=10)
    assert found().ok is True
