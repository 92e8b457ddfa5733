"""What prefect.yaml deploys exists, and takes nothing that should not be stored."""

from pathlib import Path

import pytest
import yaml
from prefect import Flow
from prefect.flows import load_flow_from_entrypoint

from cli import orchestrator
from tasks.automations import SILENT_FOR, TAG
from tasks.deployments import POOL

PROJECT = Path(__file__).resolve().parents[2]
DEPLOYMENTS = yaml.safe_load((PROJECT / "prefect.yaml").read_text())["deployments"]
# Prefect stores parameters in plain text.
HARMLESS = {"slug", "org", "as_of", "stages", "dry_run", "kind", "zendesk_user_id", "at_once"}
HARMLESS |= {"from_day", "to_day", "score", "up_to_usd"}
SPENT = {"authorization"}  # good once, soon, for what the other parameters say


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=[one["name"] for one in DEPLOYMENTS])
def test_every_deployment_s_flow_loads_and_takes_harmless_parameters(
    deployment: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its entrypoint, as a worker loads it; its form asks for slugs, instants, ids."""
    monkeypatch.chdir(PROJECT)
    flow = load_flow_from_entrypoint(deployment["entrypoint"])
    assert isinstance(flow, Flow)
    assert flow.name == deployment["name"]
    assert flow.persist_result is False
    assert set(flow.parameters.properties) <= HARMLESS | SPENT


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=[one["name"] for one in DEPLOYMENTS])
def test_every_deployment_is_told_apart_and_watched(deployment: dict) -> None:
    """Its tag is what `vensor up` and the automations know it by; a schedule is known by its slug,
    and is in a time zone; a variable of a job holds no secret."""
    assert deployment["tags"] == [TAG]
    assert deployment["description"]
    assert deployment["enforce_parameter_schema"] is True
    assert deployment["work_pool"]["name"] == POOL
    heartbeat = {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}
    assert deployment["work_pool"]["job_variables"] == {"env": heartbeat}
    assert orchestrator.QUIET.items() >= heartbeat.items()
    assert SILENT_FOR.total_seconds() >= 3 * 30
    for schedule in deployment.get("schedules", ()):
        assert schedule["slug"]
        assert schedule["timezone"]
        assert "active" not in schedule, "it would undo that someone paused it"


def test_the_form_for_requests_says_what_belongs_in_it() -> None:
    """Each parameter is described; a right is chosen from a list; a person is a number."""
    flow = load_flow_from_entrypoint("flows/privacy.py:privacy_requests")
    fields = flow.parameters.properties
    assert all(one.get("description") for one in fields.values())
    assert "No address, no number" in fields["zendesk_user_id"]["description"]
    assert fields["zendesk_user_id"]["type"] == "integer"
    rights = ["access", "export", "erase", "rectify", "opt_out"]
    assert flow.parameters.definitions["Right"]["enum"] == rights
    assert flow.parameters.required == ["org", "kind", "zendesk_user_id"]
