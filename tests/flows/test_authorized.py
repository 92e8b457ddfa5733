"""Retention by hand: what a user of Prefect's UI may start, and what only a member may."""

import subprocess
import sys
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from tests.flows.conftest import Terminal
from tests.supabase import Supabase
from warehouse.members import put
from warehouse.sessions import Organization, tenant_session

# As a worker does: from its environment and the run's parameters, with no one signed in.
BY_HAND = """
import json, sys
from pathlib import Path
from cli import orchestrator
from tasks.settings import load_settings
orchestrator.configure(load_settings().home)
from flows.retention import retention
print(*retention(**json.loads(sys.argv[1])))
"""


@pytest.fixture
def members_terminal(terminal: Terminal, supabase: Supabase) -> Terminal:
    """A terminal on a warehouse whose users sign in, with no one signed in."""
    return Terminal(terminal.environment | {"VENSOR_SUPABASE_URL": supabase.url})


def _by_hand(terminal: Terminal, parameters: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", BY_HAND, parameters],
        env=terminal.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _purges(engine: Engine, organization: Organization) -> list[str]:
    with tenant_session(engine, organization.org_id) as connection:
        told = text("select actor from audit.events where action = 'retention.purge'")
        return list(connection.execute(told).scalars())


@pytest.fixture
def officer(engine: Engine, organization: Organization) -> UUID:
    """A privacy officer of the organization."""
    user_id = uuid4()
    with tenant_session(engine, organization.org_id) as connection:
        put(connection, organization.org_id, user_id, "privacy_officer")
    return user_id


def test_a_run_by_hand_needs_a_member_s_authorization_and_acts_for_them(
    members_terminal: Terminal,
    supabase: Supabase,
    engine: Engine,
    organization: Organization,
    officer: UUID,
) -> None:
    """Without it, or with one that was used, nothing is deleted."""
    as_of, org = "2026-11-24T06:00:00Z", ("--org", organization.slug)
    bare = _by_hand(members_terminal, f'{{"org": "{organization.slug}", "as_of": "{as_of}"}}')
    assert bare.returncode != 0
    assert "needs an authorization (it is missing)" in bare.stderr
    assert _purges(engine, organization) == []
    signed_in = Terminal(members_terminal.environment | {"VENSOR_TOKEN": supabase.token(officer)})
    asked = signed_in.run("authorize", "retention.run", *org, "--as-of", as_of)
    authorization = asked.stdout.strip()
    assert "good once" in asked.stderr
    parameters = (
        f'{{"org": "{organization.slug}", "as_of": "{as_of}", "authorization": "{authorization}"}}'
    )
    good = _by_hand(members_terminal, parameters)
    assert good.returncode == 0, good.stderr
    assert "deleted nothing" in good.stdout
    assert _purges(engine, organization) == [f"user:{officer}"]
    again = _by_hand(members_terminal, parameters)
    assert "used already" in again.stderr
    assert authorization not in again.stderr
    assert _purges(engine, organization) == [f"user:{officer}"]


def test_the_terminal_goes_through_the_same_door(
    members_terminal: Terminal,
    supabase: Supabase,
    engine: Engine,
    organization: Organization,
    officer: UUID,
) -> None:
    """A member runs it in one command; the use of an authorization is in the trail."""
    token = supabase.token(officer)
    signed_in = Terminal(members_terminal.environment | {"VENSOR_TOKEN": token})
    done = signed_in.run("retention", "--org", organization.slug)
    assert done.returncode == 0, done.stderr
    assert "deleted nothing" in done.stdout
    assert token not in done.stdout + done.stderr
    assert _purges(engine, organization) == [f"user:{officer}"]
    with tenant_session(engine, organization.org_id) as connection:
        actions = connection.execute(text("select action from audit.events order by happened_at"))
        assert list(actions.scalars()) == [
            "org.add",
            "authorize",
            "authorization.use",
            "retention.purge",
            "retention.proof",
        ]
    stranger = Terminal(members_terminal.environment | {"VENSOR_TOKEN": supabase.token()})
    refused = stranger.run("retention", "--org", organization.slug)
    assert refused.returncode == 1
    assert len(refused.stderr.strip().splitlines()) == 1
    assert "you are a member of no organization" in refused.stderr


def test_what_the_schedule_starts_needs_none(lonely_terminal: Terminal, supabase: Supabase) -> None:
    """No organization and no instant was given by hand: it goes through them all, as of now.

    In a warehouse of its own: elsewhere other tests' organizations are in its way.
    """
    slug, owner = f"owned-{uuid4().hex[:8]}", str(uuid4())
    terminal = Terminal(lonely_terminal.environment | {"VENSOR_SUPABASE_URL": supabase.url})
    added = lonely_terminal.run("org", "add", slug, "--name", "Owned")
    assert added.returncode == 0, added.stderr
    owned = terminal.run("member", "first-owner", "--org", slug, "--user", owner)
    assert owned.returncode == 0, owned.stderr
    done = _by_hand(terminal, '{"dry_run": true}')
    assert done.returncode == 0, done.stderr
    assert f"{slug}, before" in done.stdout
