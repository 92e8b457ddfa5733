"""Killed at any instant and run again: the same rows, none lost, none twice."""

import time
from uuid import UUID

from sqlalchemy import Engine, text

from cli import peers
from tests.flows.conftest import Terminal, connect
from warehouse.sessions import find_organization, tenant_session
from warehouse.tables import zendesk

STAGES = ("--stages", "extract,check,measure,publish")
# Differs between two organizations by design: the tenant, its keys, and when it was loaded.
OWN = {
    "org_id",
    "loaded_at",
    "email_index",
    "phone_index",
    "value_index",
    "sealed",
    "valid_from",
    "valid_to",
}


def _digest(engine: Engine, org_id: UUID) -> dict[str, tuple[int, str]]:
    """Rows and a checksum of what they say, for every table of Zendesk's and the metrics."""
    found: dict[str, tuple[int, str]] = {}
    tables = {
        table.fullname: [column.name for column in table.columns if column.name not in OWN]
        for table in vars(zendesk).values()
        if hasattr(table, "fullname")
    }
    tables["metrics.fct_ticket_flow_daily"] = ["metric_day", "group_id", "channel", "brand_id"]
    tables["metrics.fct_ticket_flow_daily"] += ["priority", "created", "solved", "reopened"]
    with tenant_session(engine, org_id) as connection:
        for name, columns in tables.items():
            row = f"row({', '.join(columns)})::text"
            found[name] = tuple(
                connection.execute(
                    text(
                        "select count(*),"
                        f" md5(coalesce(string_agg({row}, '|' order by {row}), '')) from {name}"
                    )
                ).one()
            )
    return found


def _streams_begun(engine: Engine, org_id: UUID) -> int:
    with tenant_session(engine, org_id) as connection:
        return int(connection.execute(text("select count(*) from app.watermarks")).scalar_one())


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
        while process.poll() is None and _streams_begun(engine, org_id) < streams:
            time.sleep(0.005)
        kills += process.poll() is None
        process.kill()
        process.communicate()
    assert kills >= 3, "the kills must fall within the run"
    again = terminal.run("run", "--org", killed, "--as-of", as_of, *STAGES)
    assert again.returncode == 0, again.stderr
    expected = _digest(engine, find_organization(engine, whole).org_id)
    assert _digest(engine, org_id) == expected
    assert expected["zendesk.tickets"][0] > 50
    assert expected["metrics.fct_ticket_flow_daily"][0] > 20
