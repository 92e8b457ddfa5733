"""Clocks and holds at the terminal: who may, what is warned about, what is in the trail."""

import pytest
from sqlalchemy import Engine, text

from tests.cli.conftest import SignIn, Vensor, refused, trail
from warehouse.sessions import Organization, find_organization, tenant_session


def _trail_of(engine: Engine, organization: Organization, action: str) -> list[tuple]:
    return [row for row in trail(engine, organization) if row[1] == action]


def test_clocks_are_shown_and_shortened_with_before_and_after_in_the_trail(
    vensor: Vensor, acting: SignIn, engine: Engine, organization: Organization
) -> None:
    """By a privacy officer; who else reads them changes nothing."""
    officer = acting("privacy_officer")
    org = ("org", "retention", "--org", organization.slug)
    shown = vensor(*org)
    assert shown.exit_code == 0, shown.exception
    days = {line.split("  ")[0]: line.split() for line in shown.stdout.splitlines()}
    assert "30" in days["content"]
    assert "90" in days["audit trail"]
    assert "90" in days["agents' figures"]
    assert "5" in days["export archives"]
    changed = vensor(*org, "--content-days", "14", "--agent-days", "60")
    assert changed.exit_code == 0, changed.exception
    assert "content days 30 → 14" in changed.stdout
    assert find_organization(engine, organization.slug).retention_days == 14
    ((actor, _, _, details),) = _trail_of(engine, organization, "retention.change")
    assert actor == f"user:{officer}"
    assert details == {
        "content_days_before": 30,
        "content_days_after": 14,
        "agent_days_before": 90,
        "agent_days_after": 60,
    }
    assert vensor(*org, "--content-days", "14").exit_code == 0, "the same again is no change"
    assert len(_trail_of(engine, organization, "retention.change")) == 1


def test_a_longer_clock_is_warned_about_and_agreed_to(
    vensor: Vensor, acting: SignIn, engine: Engine, organization: Organization
) -> None:
    """In one sentence; without a terminal, by --yes."""
    acting("privacy_officer")
    longer = ("org", "retention", "--org", organization.slug, "--audit-days", "365")
    refused(vensor(*longer), "the audit trail 365 days in place of 90; say --yes to agree")
    assert find_organization(engine, organization.slug).audit_retention_days == 90
    assert vensor(*longer, "--yes").exit_code == 0
    assert find_organization(engine, organization.slug).audit_retention_days == 365


@pytest.mark.parametrize("role", ["owner", "admin", "analyst", "viewer"])
def test_no_one_else_changes_how_long_data_is_kept(
    vensor: Vensor, acting: SignIn, engine: Engine, organization: Organization, role: str
) -> None:
    """Not an owner either: who gains by keeping is not to say how long."""
    acting(role)
    org = ("org", "retention", "--org", organization.slug)
    assert vensor(*org).exit_code == 0
    refused(vensor(*org, "--content-days", "7"), "needs the role privacy_officer")
    assert find_organization(engine, organization.slug).retention_days == 30


def test_a_hold_is_placed_listed_and_lifted(
    vensor: Vensor, acting: SignIn, engine: Engine, organization: Organization
) -> None:
    """Each in the trail, which names hold and kind."""
    officer = acting("privacy_officer")
    org = ("--org", organization.slug)
    placed = vensor("hold", "place", *org, "--ticket", "4711", "--reason", "matter 2026-14")
    assert placed.exit_code == 0, placed.exception
    with tenant_session(engine, organization.org_id) as connection:
        hold_id = str(connection.execute(text("select hold_id from app.legal_holds")).scalar_one())
    assert hold_id in placed.stdout
    listed = vensor("hold", "list", *org).stdout.replace("\n", " ")
    assert "ticket" in listed
    assert vensor("hold", "lift", *org, hold_id).exit_code == 0
    assert "nothing is held" in vensor("hold", "list", *org).stdout
    refused(vensor("hold", "lift", *org, hold_id), "no hold begins")
    refused(vensor("hold", "lift", *org, "first"), "8 signs of it")
    actions = [row for row in trail(engine, organization) if row[1].startswith("hold.")]
    assert [row[1] for row in actions] == ["hold.place", "hold.lift"]
    assert {row[0] for row in actions} == {f"user:{officer}"}
    assert all(row[3]["hold_id"] == hold_id for row in actions)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--ticket", "1", "--reason", "ask maria@example.com"), "name the matter, not people"),
        (("--ticket", "1", "--zendesk-id", "2", "--reason", "m"), "--ticket goes alone"),
        (("--reason", "m"), "one of --email, --phone and --zendesk-id"),
        (("--email", "nobody@example.com", "--reason", "m"), "nobody in .* is known by that"),
        (("--ticket", "1", "--reason", "m", "--until", "2020-01-01"), "is past"),
    ],
)
def test_what_cannot_be_held_is_told(
    vensor: Vensor,
    acting: SignIn,
    organization: Organization,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    """In one line, which says no address."""
    acting("owner")
    result = vensor("hold", "place", "--org", organization.slug, *arguments)
    refused(result, said)
    assert "@" not in str(result.exception)


def test_proofs_are_listed_of_each_organization(
    vensor: Vensor, acting: SignIn, organization: Organization
) -> None:
    """One that has none says so."""
    acting("privacy_officer")
    result = vensor("retention", "proofs", "--org", organization.slug)
    assert result.exit_code == 0, result.exception
    assert "no run has proved anything yet" in result.stdout
