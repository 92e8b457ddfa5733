"""`vensor up` for real: a server, a worker, schedules that fire, and what takes care of them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import yaml
from sqlalchemy import Engine, text

from cli import orchestrator, peers, workers
from tasks.settings import PROJECT
from tests.conftest import measured_database, parsed_project
from tests.flows.conftest import _terminal, connect
from tests.flows.running import Up, arguments_of_all, awaited, mode
from tests.serving import running
from warehouse.sessions import engine_for, find_organization, tenant_session

FILE = PROJECT / "prefect.yaml"
OFTEN = {"slug": "often", "interval": 12}


@pytest.fixture(scope="module")
def up(home: Path, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """`vensor up`, on a warehouse in which there are no other organizations, then `vensor down`."""
    own, logins = tmp_path_factory.mktemp("up"), measured_database(home, f"up_{worker_id}")
    parsed_project(home, own / "dbt", logins)
    terminal = _terminal(logins, own)
    try:
        done = terminal.run("up")
        assert done.returncode == 0, done.stdout + done.stderr
        yield Up(terminal, own)
    finally:
        done = terminal.run("down")
        workers.stop(own)
        orchestrator.stop(own)
    assert "workers: stopped" in done.stdout
    assert "Prefect server: stopped" in done.stdout


@pytest.fixture(scope="module")
def engine_up(home: Path, worker_id: str) -> Iterator[Engine]:
    made = engine_for(measured_database(home, f"up_{worker_id}").loader)
    yield made
    made.dispose()


def _file(folder: Path, **changes: dict[str, object]) -> Path:
    """prefect.yaml with other words for some deployments, or further ones."""
    told = yaml.safe_load(FILE.read_text())
    there = {one["name"]: one for one in told["deployments"]}
    for name, change in changes.items():
        there[name] = there.get(name, {"name": name}) | change
    told["deployments"] = list(there.values())
    path = folder / "prefect.yaml"
    path.write_text(yaml.safe_dump(told))
    return path


def test_it_is_there_and_no_secret_can_be_seen(up: Up) -> None:
    """Everything is deployed; only who has the file can sign in; `up` again changes nothing."""
    deployed = {one["name"]: one for one in up.api("POST", "/deployments/filter", {})}
    declared = yaml.safe_load(FILE.read_text())["deployments"]
    assert deployed.keys() == {one["name"] for one in declared}
    assert all(one["description"] for one in deployed.values())
    sign_in = up.home / orchestrator.SIGN_IN
    assert sign_in.read_text().strip() == up.server.auth_string
    assert {mode(up.home / name) for name in (sign_in.name, "prefect.json", "workers.json")} == {
        0o600
    }
    assert not any(up.server.password in line for line in arguments_of_all())
    assert httpx.get(f"{up.server.url}/api/deployments/count").status_code in (401, 405)
    unguarded = httpx.post(
        f"{up.server.url}/api/flow_runs/filter", json={}, auth=("vensor", up.server.password)
    )
    assert unguarded.status_code == 403
    secret = up.terminal.environment["VENSOR_KEK"]
    assert secret not in str(deployed)
    before = {one["name"]: one["updated"] for one in up.api("POST", "/automations/filter", {})}
    running_before = workers.find(up.home)
    again = up.terminal.run("up")
    assert again.returncode == 0, again.stderr
    assert "removed" not in again.stdout
    assert up.server.password not in again.stdout + again.stderr
    assert workers.find(up.home) == running_before
    after = {one["name"]: one["updated"] for one in up.api("POST", "/automations/filter", {})}
    assert after == before
    assert len(before) == 5


def test_a_schedule_fires_before_and_after_a_restart_of_the_server(up: Up, tmp_path: Path) -> None:
    """The worker finds the server again, at its place; then the schedule is taken away."""
    former = {**up_entry("knowledge"), "name": "former"}
    up.reconcile(_file(tmp_path, daily={"schedules": [OFTEN]}, former=former))
    assert up.deployment("former")
    _await_scheduled(up, "the schedule fires", after="")
    place = up.server.url
    assert orchestrator.stop(up.home)
    restarted = orchestrator.ensure_running(up.home)
    assert restarted.url == place
    last = max(one["start_time"] for one in up.runs() if one["start_time"])
    _await_scheduled(up, "it fires after the restart", after=last)
    told = up.reconcile(FILE)
    assert "the schedule often of daily" in told
    assert "the deployment former" in told
    names = {one["name"] for one in up.api("POST", "/deployments/filter", {})}
    assert "former" not in names
    assert [one["slug"] for one in up.deployment("daily")["schedules"]] == ["hourly"]
    now = datetime.now(UTC).isoformat()  # what was due before may still wait for its place
    ahead = [one for one in up.runs() if one["expected_start_time"] > now]
    daily = [one for one in ahead if one["deployment_id"] == up.deployment("daily")["id"]]
    assert {one["expected_start_time"][14:19] for one in daily} <= {"15:00"}


def up_entry(name: str) -> dict[str, object]:
    told = yaml.safe_load(FILE.read_text())["deployments"]
    (found,) = [one for one in told if one["name"] == name]
    return found


def _await_scheduled(up: Up, what: str, *, after: str) -> None:
    daily = up.deployment("daily")["id"]

    def look() -> list[dict[str, object]]:
        done = up.runs(state={"type": {"any_": ["COMPLETED"]}}, deployment_id={"any_": [daily]})
        return [one for one in done if one["auto_scheduled"] and one["start_time"] > after]

    awaited(look, seconds=240, what=what)


def test_a_schedule_that_someone_paused_stays_paused(up: Up) -> None:
    """And so does an automation that someone switched off."""
    deployment = up.deployment("reports")
    schedule = deployment["schedules"][0]
    path = f"/deployments/{deployment['id']}/schedules/{schedule['id']}"
    up.api("PATCH", path, {"active": False})
    one = up.api("POST", "/automations/filter", {})[0]
    up.api("PATCH", f"/automations/{one['id']}", {"enabled": False})
    up.reconcile(FILE)
    assert [each["active"] for each in up.deployment("reports")["schedules"]] == [False]
    (same,) = [
        each for each in up.api("POST", "/automations/filter", {}) if each["name"] == one["name"]
    ]
    assert same["enabled"] is False
    up.api("PATCH", f"/automations/{one['id']}", {"enabled": True})


def test_whoever_runs_it_hears_of_a_failure(up: Up) -> None:
    """Which run and where; not a word of the error. Without a receiver the block is gone again."""
    received: list[tuple[str, bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            received.append((self.headers["Content-Type"], self.rfile.read(length)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Says nothing."""

    with running(ThreadingHTTPServer(("127.0.0.1", 0), Receiver)) as address:
        up.reconcile(FILE, f"http://{address}/hook")
        run_id = up.run("organization", {"slug": "nobody"})
        kind, body = awaited(
            lambda: next((one for one in received if run_id.encode() in one[1]), None),
            seconds=180,
            what=f"the receiver is told; the run is {up.state(run_id)}",
        )
    assert kind == "application/json"
    told = yaml.safe_load(body)["text"]
    assert told.startswith("vensor: organization: the run")
    assert "failed" in told
    assert "there are" not in told, "the error itself stays where it is"
    up.reconcile(FILE)
    assert not [
        one
        for one in up.api("POST", "/block_documents/filter", {})
        if one["name"] == "vensor-operator"
    ]


def test_a_run_whose_worker_is_killed_is_taken_up(
    up: Up, sandbox: peers.Sandbox, engine_up: Engine, tmp_path: Path
) -> None:
    """`daily` starts the day; everything is killed; the run crashes, gives its place back, and the
    day is run to its end by the next worker. `daily` once more starts nothing."""
    one = {"limit": 1, "collision_strategy": "ENQUEUE"}
    up.reconcile(_file(tmp_path, organization={"concurrency_limit": one}))
    slug = connect(up.terminal, sandbox, "acme")
    org_id = find_organization(engine_up, slug).org_id
    up.run("daily", {})

    def stages() -> int:
        with tenant_session(engine_up, org_id) as connection:
            found = connection.execute(text("select count(*) from app.watermarks"))
            return int(found.scalar_one())

    awaited(stages, seconds=240, what="the day is under way")
    (first,) = up.runs(tags={"all_": [f"org:{slug}"]})
    assert up.kill_workers() >= 2
    assert up.state(first["id"]) == "Running"
    up.start_worker()
    awaited(lambda: up.state(first["id"]) == "Crashed", seconds=240, what="the run is ended")
    second = awaited(
        lambda: [
            one
            for one in up.runs(tags={"all_": [f"org:{slug}"]})
            if one["id"] != first["id"] and one["state_name"] == "Completed"
        ],
        seconds=400,
        what=f"the day is taken up: {[one['state_name'] for one in up.runs()]}",
    )
    assert len(second) == 1
    with tenant_session(engine_up, org_id) as connection:
        ended = connection.execute(text("select state from app.runs order by started_at")).all()
    assert [one.state for one in ended] == ["failed", "completed"]
    again = up.run("daily", {})
    awaited(lambda: up.state(again) == "Completed", seconds=120, what="daily once more")
    assert len(up.runs(tags={"all_": [f"org:{slug}"]})) == 2
