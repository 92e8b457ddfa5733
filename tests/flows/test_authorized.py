"""Flows by hand: what a user of Prefect's UI may start, and what only a member may."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from cli import peers
from tests.conftest import published
from tests.flows.conftest import Terminal, connect
from tests.supabase import Supabase
from warehouse.members import put
from warehouse.sessions import Logins, Organization, find_organization, tenant_session

# As a worker does: from its environment and the run's parameters, with no one signed in.
BY_HAND = """
import json, sys
from importlib import import_module
from cli import orchestrator
from tasks.settings import load_settings
orchestrator.configure(load_settings().home)
name, parameters = sys.argv[1:]
print(*getattr(import_module(f"flows.{name}"), name)(**json.loads(parameters)))
"""


@pytest.fixture
def members_terminal(terminal: Terminal, supabase: Supabase) -> Terminal:
    """A terminal on a warehouse whose users sign in, with no one signed in."""
    return Terminal(terminal.environment | {"VENSOR_SUPABASE_URL": supabase.url})


def by_hand(
    terminal: Terminal, flow: str, parameters: Mapping[str, object]
) -> "subprocess.CompletedProcess[str]":
    """A run of this flow, as a worker begins it."""
    return subprocess.run(
        [sys.executable, "-c", BY_HAND, flow, json.dumps(parameters)],
        env=terminal.environment,
        capture_output=True,
        text=True,
        timeout=300,
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
    parameters: dict[str, object] = {"org": organization.slug, "as_of": as_of}
    bare = by_hand(members_terminal, "retention", parameters)
    assert bare.returncode != 0
    assert "needs an authorization (it is missing)" in bare.stderr
    assert _purges(engine, organization) == []
    signed_in = Terminal(members_terminal.environment | {"VENSOR_TOKEN": supabase.token(officer)})
    asked = signed_in.run("authorize", "retention.run", *org, "--as-of", as_of)
    authorization = asked.stdout.strip()
    assert "good once" in asked.stderr
    parameters |= {"authorization": authorization}
    good = by_hand(members_terminal, "retention", parameters)
    assert good.returncode == 0, good.stderr
    assert "deleted nothing" in good.stdout
    assert _purges(engine, organization) == [f"user:{officer}"]
    again = by_hand(members_terminal, "retention", parameters)
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
    done = by_hand(terminal, "retention", {"dry_run": True})
    assert done.returncode == 0, done.stderr
    assert f"{slug}, before" in done.stdout


def test_a_backfill_from_its_form_needs_one_that_is_good_once(
    terminal: Terminal,
    members_terminal: Terminal,
    supabase: Supabase,
    sandbox: peers.Sandbox,
    engine: Engine,
    logins: Logins,
) -> None:
    """Without it, with a viewer's or with one that was used, nothing of the days is read."""
    slug = connect(terminal, sandbox, f"asked-{uuid4().hex[:8]}")
    organization, admin, viewer = find_organization(engine, slug), uuid4(), uuid4()
    org_id = organization.org_id
    published(logins, organization, datetime.now(UTC))
    with tenant_session(engine, org_id) as connection:
        put(connection, org_id, admin, "admin")
        put(connection, org_id, viewer, "viewer")
    day = str((datetime.now(UTC) - timedelta(days=3)).date())
    form: dict[str, object] = {"org": slug, "from_day": day, "to_day": day, "stages": ["extract"]}
    bare = by_hand(members_terminal, "backfill", form)
    assert bare.returncode != 0
    assert "needs an authorization (it is missing)" in bare.stderr
    ask = ("authorize", "backfill", "--org", slug)
    watching = Terminal(members_terminal.environment | {"VENSOR_TOKEN": supabase.token(viewer)})
    assert watching.run(*ask).returncode == 1
    assert _backfills(engine, org_id) == []
    signed_in = Terminal(members_terminal.environment | {"VENSOR_TOKEN": supabase.token(admin)})
    form |= {"authorization": signed_in.run(*ask).stdout.strip()}
    good = by_hand(members_terminal, "backfill", form)
    assert good.returncode == 0, good.stderr
    assert f"{day}: load" in good.stdout
    assert _backfills(engine, org_id) == [(f"user:{admin}", True)]
    again = by_hand(members_terminal, "backfill", form)
    assert again.returncode != 0
    assert "used already" in again.stderr
    assert str(form["authorization"]) not in again.stderr
    assert _backfills(engine, org_id) == [(f"user:{admin}", True)]


def _backfills(engine: Engine, org_id: UUID) -> list[tuple[str, bool]]:
    """Who asked for each, and whether it has ended."""
    with tenant_session(engine, org_id) as connection:
        told = text("select asked_by, ended_at is not null from app.backfills")
        return [tuple(row) for row in connection.execute(told)]
