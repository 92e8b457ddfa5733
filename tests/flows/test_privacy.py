"""The rights of people from Prefect: a form's request, the day's serving, a failure of one."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import text

from tasks.resources import Resources, opened, opened_engine
from tasks.rights import ask, named
from tasks.settings import load_settings
from tests.flows.conftest import Terminal
from warehouse.loading import Rows, merge
from warehouse.organizations import add_organization
from warehouse.requests import ALL, approve, find_all
from warehouse.tables import zendesk

# As a worker does: from its environment and the run's parameters.
BY_HAND = """
import json, sys
from cli import orchestrator
from tasks.settings import load_settings
orchestrator.configure(load_settings().home)
from flows.privacy import privacy, privacy_requests
flow = {"privacy": privacy, "privacy-requests": privacy_requests}[sys.argv[1]]
print(json.dumps(flow(**json.loads(sys.argv[2]))))
"""


def _by_hand(terminal: Terminal, flow: str, **told: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", BY_HAND, flow, json.dumps(told)],
        env=terminal.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _with_someone(slug: str) -> str:
    """An organization that knows user 7."""
    with opened_engine(load_settings()) as engine:
        add_organization(engine, slug=slug, name="Acme", timezone="UTC", retention_days=30)
    with opened(slug) as resources, resources.session() as connection:
        row = (7, "end-user", datetime.now(UTC))
        columns = ("id", "role", "changed_at")
        merge(connection, resources.organization.org_id, Rows(zendesk.users, columns, [row]))
    return slug


def _states(resources: Resources) -> dict[str, str]:
    with resources.session() as connection:
        return {one.kind: one.state for one in find_all(connection, states=ALL)}


def test_a_form_enters_and_the_day_serves_whatever_fails_elsewhere(
    lonely_terminal: Terminal,
) -> None:
    """One organization's keys are lost: the others' people are served, and its name is told."""
    with lonely_terminal.within():
        good, broken = (_with_someone(f"{name}-{uuid4().hex[:6]}") for name in ("good", "broken"))
        told = _by_hand(
            lonely_terminal, "privacy-requests", org=good, kind="opt_out", zendesk_user_id=7
        )
        assert told.returncode == 0, told.stderr
        assert "forgotten by all models" in json.loads(told.stdout)["next"]
        for slug in (good, broken):
            with opened(slug) as resources:
                resources.cipher.seal_secret(b"", column="a.column", row_id="1")  # makes the key
                request_id = ask(resources, "export", named(resources, user_id=7))
                with resources.session() as connection:
                    approve(connection, request_id, approved_by="local:other")
                    if slug == broken:
                        connection.execute(
                            text("update keys.org_keys set wrapped = '\\x00' where true")
                        )
        done = _by_hand(lonely_terminal, "privacy")
        assert done.returncode != 0
        assert f"organizations failed; {broken}:" in done.stderr
        with opened(good) as resources:
            assert _states(resources) == {"opt_out": "done", "export": "approved"}
            with resources.session() as connection:
                made = connection.execute(text("select state from app.exports")).scalars()
                assert list(made) == ["made"]
