"""Killed at any instant and run again: the same rows, none lost, none twice."""

import time

from sqlalchemy import Engine

from cli import peers
from tests.flows.conftest import Terminal, connect
from tests.flows.digests import digest, streams_begun
from warehouse.sessions import find_organization

STAGES = ("--stages", "extract,check,measure,publish")


def test_a_run_killed_at_many_points_and_run_again_gives_the_same_rows(
    terminal: Terminal, sandbox: peers.Sandbox, engine: Engine
) -> None:
    """SIGKILL after the second, ninth, twelfth and fourteenth stream, then a run to the end."""
    whole = connect(terminal, sandbox, f"whole-{time.time_ns()}")
    killed = connect(terminal, sandbox, f"killed-{time.time_ns()}")
    as_of = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    done = terminal.run("run", "--org", whole, "--as-of", as_of, *STAGES)
    assert done.returncode == 0, done.stderr
    org_id = find_organization(engine, killed).org_id
    kills = 0
    for streams in (2, 9, 12, 14):
        process = terminal.popen("run", "--org", killed, "--as-of", as_of, *STAGES)
        while process.poll() is None and streams_begun(engine, org_id) < streams:
            time.sleep(0.005)
        kills += process.poll() is None
        process.kill()
        process.communicate()
    assert kills >= 3, "the kills must fall within the run"
    again = terminal.run("run", "--org", killed, "--as-of", as_of, *STAGES)
    assert again.returncode == 0, again.stderr
    expected = digest(engine, find_organization(engine, whole).org_id)
    assert digest(engine, org_id) == expected
    assert expected["zendesk.tickets"][0] > 50
    assert expected["metrics.fct_ticket_flow_daily"][0] > 20
