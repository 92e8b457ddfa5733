"""Two machines and one warehouse: both work, and what one leaves when it dies the other ends."""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest
from prefect.client.orchestration import get_client
from prefect.states import Crashed
from sqlalchemy import Engine, text

from benchmarks.machines import (
    Cluster,
    Machine,
    begin_runs,
    cluster,
    prefect_database,
    states,
    talking,
    warehouse_environment,
)
from cli import peers
from tests.conftest import KEK
from tests.flows.conftest import Terminal, connect
from tests.flows.digests import digest, streams_begun
from warehouse.sessions import Logins, find_organization, tenant_session

STAGES = ("extract", "check", "measure", "publish")
ORGANIZATIONS = 4
MIDDLE = 6  # streams begun
WAIT_SECONDS = 300.0
WAREHOUSE = {"VENSOR_LOADER_URL", "VENSOR_TRANSFORMER_URL", "VENSOR_KEK"}
T = TypeVar("T")
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@pytest.fixture(scope="module")
def prefect(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A Prefect server on a Postgres database of its own."""
    database = prefect_database(home, f"prefect_{time.time_ns()}")
    with cluster(tmp_path_factory.mktemp("cluster"), database) as found:
        yield found


@pytest.fixture(scope="module")
def machines(prefect: Cluster, logins: Logins) -> tuple[Machine, Machine]:
    """Two, each of which takes one run at a time."""
    environment = warehouse_environment(logins, KEK)
    return prefect.add("one", environment), prefect.add("other", environment)


def test_machines_share_no_folder(machines: tuple[Machine, Machine]) -> None:
    """Each has its own home, working directory and temporary folder, and two logins."""
    for machine in machines:
        environment = machine.process.environ()
        for name in ("HOME", "TMPDIR", "VENSOR_HOME", "PREFECT_HOME"):
            assert Path(environment[name]).is_relative_to(machine.folder)
        assert Path(machine.process.cwd()) == machine.folder
        told = {name for name in environment if name.startswith("VENSOR_")}
        assert told - {"VENSOR_HOME", "VENSOR_ACTOR"} == WAREHOUSE
    one, other = (machine.folder for machine in machines)
    assert not one.is_relative_to(other)
    assert not other.is_relative_to(one)


def test_a_machine_dies_and_another_ends_its_run_with_the_same_rows(
    prefect: Cluster,
    machines: tuple[Machine, Machine],
    terminal: Terminal,
    sandbox: peers.Sandbox,
    engine: Engine,
) -> None:
    """Killed with its run in the middle, its disk gone: nothing is lost, nothing is there twice."""
    one, other = machines
    slugs = [connect(terminal, sandbox, f"org{n}-{time.time_ns()}") for n in range(ORGANIZATIONS)]
    as_of = datetime.now(UTC)
    with talking(prefect):
        runs = begin_runs(slugs, as_of, STAGES)
        lost = _await(lambda: _in_the_middle(engine, slugs, one))
        one.kill()
        begun = _streams(engine, lost)
        shutil.rmtree(one.folder)
        _await(lambda: _all_ended(runs, but=lost))
        assert states(runs) == {slug: "RUNNING" if slug == lost else "COMPLETED" for slug in slugs}
        _crash(runs[lost])  # as the automation does once its heartbeats are missed
        again = begin_runs([lost], as_of, STAGES)
        _await(lambda: _all_ended(again))
        assert states(again) == {lost: "COMPLETED"}
    ran = {slug: _actors(engine, slug) for slug in slugs}
    assert ran.pop(lost) == [one.actor, other.actor]
    assert all(actors in ([one.actor], [other.actor]) for actors in ran.values())
    digests = {slug: digest(engine, find_organization(engine, slug).org_id) for slug in slugs}
    recovered = digests.pop(lost)
    assert all(told == recovered for told in digests.values())
    assert recovered["zendesk.tickets"][0] > 50
    assert recovered["metrics.fct_ticket_flow_daily"][0] > 20
    assert begun < _streams(engine, lost), "the kill must fall within the extraction"


def _in_the_middle(engine: Engine, slugs: list[str], machine: Machine) -> str | None:
    """The organization whose run is half done on this machine; None while there is none."""
    for slug in slugs:
        if _actors(engine, slug) == [machine.actor] and _streams(engine, slug) >= MIDDLE:
            return slug
    return None


def _streams(engine: Engine, slug: str) -> int:
    return streams_begun(engine, find_organization(engine, slug).org_id)


def _all_ended(runs: Mapping[str, str], *, but: str | None = None) -> bool | None:
    found = states(runs)
    return all(state in ENDED for slug, state in found.items() if slug != but) or None


def _crash(run_id: str) -> None:
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run_id, Crashed(message="no heartbeat"), force=True)


def _actors(engine: Engine, slug: str) -> list[str]:
    """Who began runs of the organization, in their order, as its audit trail has it."""
    with tenant_session(engine, find_organization(engine, slug).org_id) as connection:
        return list(
            connection.execute(
                text("select actor from audit.events where action = 'run' order by event_no")
            ).scalars()
        )


def _await(found: Callable[[], T | None]) -> T:
    """What it finds at last, asked again and again."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        told = found()
        if told is not None:
            return told
        time.sleep(0.02)
    pytest.fail(f"not within {WAIT_SECONDS:.0f} s")
