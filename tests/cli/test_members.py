"""Members at the terminal: roles, refusals and their trail."""

from collections.abc import Callable
from uuid import uuid4

import pytest
import typer
from sqlalchemy import Engine

from cli.main import app
from tasks.identity import OPERATIONS
from tests.cli.conftest import SignIn, Vensor, give, refused, roles_of, trail
from tests.conftest import new_organization
from warehouse.sessions import Logins, Organization, find_organization

# What is done to this machine or this terminal, and asks for no role.
HOUSEKEEPING = {
    "init",
    "up",
    "down",
    "demo",
    "doctor",
    "login",
    "logout",
    "whoami",
    "member first-owner",
}


def _commands(group: typer.Typer, path: str = "") -> dict[str, Callable[..., object]]:
    found = {}
    for one in group.registered_commands:
        assert one.callback is not None
        name = one.name or one.callback.__name__.rstrip("_")
        found[f"{path}{name}"] = one.callback
    for each in group.registered_groups:
        assert each.typer_instance is not None
        found |= _commands(each.typer_instance, f"{path}{each.name} ")
    return found


def test_every_command_names_its_operation() -> None:
    """A command that someone adds without a gate fails here."""
    commands = _commands(app)
    assert len(commands) > 20
    bare = {name for name, one in commands.items() if not getattr(one, "operations", None)}
    assert bare == HOUSEKEEPING
    for name in commands.keys() - HOUSEKEEPING:
        for operation, roles in vars(commands[name])["operations"].items():
            assert OPERATIONS[operation] == roles, name


def test_owners_may_do_everything_and_viewers_least() -> None:
    """No operation is forgotten by whoever is to decide; a viewer reads numbers and documents."""
    without = {name for name, roles in OPERATIONS.items() if "owner" not in roles}
    assert without == {"retention.change"}, "how long data is kept is for a privacy officer to say"
    viewers = {name for name, roles in OPERATIONS.items() if "viewer" in roles}
    readable = {"org.add", "org.read", "metrics.read", "report", "knowledge.search"}
    readable |= {"inventory.read"}
    assert viewers == readable


@pytest.mark.parametrize("role", ["owner", "admin", "analyst", "viewer", "privacy_officer", None])
@pytest.mark.parametrize(
    ("arguments", "operation"),
    [
        (("metrics", "fct_ticket_flow_daily"), "metrics.read"),
        (("search", "words"), "knowledge.search"),
        (("search", "words", "--in", "tickets"), "tickets.search"),
        (("knowledge", "list"), "knowledge.search"),
        (("knowledge", "add", "no.md"), "knowledge.add"),
        (("knowledge", "remove", "no.md"), "knowledge.remove"),
        (("sop", "findings", "--ticket", "1"), "sop.findings"),
        (("sop", "rescore"), "sop.rescore"),
        (("escalations", "list"), "alerts.read"),
        (("escalations", "ack", "12345678"), "alerts.answer"),
        (("escalations", "off", "churn"), "org.change"),
        (("quarantine", "list"), "quarantine.list"),
        (("quarantine", "retry"), "quarantine.retry"),
        (("evaluate",), "evaluate"),
        (("label", "--next"), "label"),
        (("keys", "status"), "keys.status"),
        (("keys", "rotate"), "keys.rotate"),
        (("disconnect", "slack"), "connect"),
        (("digest",), "assessments.read"),
        (("member", "list"), "member.read"),
        (("member", "add", "--user", str(uuid4()), "--role", "viewer"), "member.manage"),
        (("authorize", "retention.run"), "retention.run"),
        (("authorize", "privacy.erase"), "privacy.erase"),
        (("privacy", "access", "--zendesk-id", "1"), "privacy.access"),
        (("privacy", "export", "--zendesk-id", "1"), "privacy.export"),
        (("privacy", "fetch", str(uuid4()), "--out", "no/a.zip"), "privacy.export"),
        (("privacy", "requests"), "privacy.requests"),
        (("privacy", "approve", "12345678"), "privacy.approve"),
        (("privacy", "refuse", "12345678", "--reason", "withdrawn"), "privacy.approve"),
        (("privacy", "receipt", "12345678"), "privacy.requests"),
        (("bi", "list"), "bi.grant"),
        (("org", "delete"), "org.delete"),
        (("org", "approve-delete"), "org.approve_delete"),
        (("restore", "check"), "restore.check"),
        (("retention", "proofs"), "retention.read"),
        (("org", "retention"), "org.read"),
        (("org", "retention", "--audit-days", "60"), "retention.change"),
        (("hold", "list"), "hold.manage"),
        (("hold", "place", "--ticket", "1", "--reason", "a matter"), "hold.manage"),
        (("privacy", "erase", "--request", str(uuid4())), "privacy.erase"),
        (("privacy", "rectify", "--zendesk-id", "1", "--field", "name"), "privacy.rectify"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_role_opens_what_the_table_says(
    vensor: Vensor,
    acting: SignIn,
    engine: Engine,
    organization: Organization,
    role: str | None,
    arguments: tuple[str, ...],
    operation: str,
) -> None:
    """And nothing else; every refusal is in the audit trail, with who and as what."""
    user_id = acting(role)
    result = vensor(*arguments, "--org", organization.slug)
    refusals = [row for row in trail(engine, organization) if row[1] == "refused"]
    if role in OPERATIONS[operation]:
        assert refusals == []
        assert type(result.exception).__name__ != "NotAllowedError"
        return
    refused(result, "vensor whoami" if role is None else f"needs the role .*, and yours is {role}")
    assert refusals == [(f"user:{user_id}", "refused", operation, {"role": role or "none"})]


def test_what_is_done_is_done_by_the_user(
    vensor: Vensor,
    acting: SignIn,
    engine: Engine,
    organization: Organization,
) -> None:
    """The audit trail of an operation names who signed in."""
    user_id = acting("admin")
    assert vensor("keys", "rotate", "--org", organization.slug).exit_code == 0
    (row,) = [row for row in trail(engine, organization) if row[1] == "keys.rotate"]
    assert row[0] == f"user:{user_id}"


def test_a_role_that_was_taken_away_counts_at_once(
    vensor: Vensor,
    acting: SignIn,
    engine: Engine,
    organization: Organization,
) -> None:
    """The token says who; what they may do is asked of the warehouse each time."""
    user_id = acting("admin")
    status = ("keys", "status", "--org", organization.slug)
    assert vensor(*status).exit_code == 0
    give(engine, organization, user_id, "viewer")
    refused(vensor(*status), "yours is viewer")


def test_others_organizations_look_as_if_they_were_not_there(
    vensor: Vensor,
    acting: SignIn,
    organization: Organization,
    other_organization: Organization,
) -> None:
    """In lists, in what is said of one, and in operations over all of them."""
    acting("owner")
    listed = vensor("org", "list")
    assert organization.slug in listed.stdout
    assert other_organization.slug not in listed.stdout
    there = vensor("metrics", "x", "--org", other_organization.slug).exception
    missing = vensor("metrics", "x", "--org", "no-such").exception
    assert str(there).replace(other_organization.slug, "no-such") == str(missing)
    for everywhere in (("keys", "status"), ("retention",), ("daily",)):
        result = vensor(*everywhere)
        refused(result, "in every organization needs the role")
        assert other_organization.slug not in str(result.exception)
    assert organization.slug in vensor("whoami").stdout


def test_who_adds_an_organization_owns_it(vensor: Vensor, acting: SignIn, engine: Engine) -> None:
    """And alone may change it."""
    user_id, slug = acting(None), f"new-{uuid4().hex[:8]}"
    assert vensor("org", "add", slug, "--name", "New").exit_code == 0
    added = find_organization(engine, slug)
    assert roles_of(engine, added) == {user_id: "owner"}
    assert vensor("org", "add", slug, "--name", "Newer").exit_code == 0
    acting(None)
    refused(vensor("org", "add", slug, "--name", "Stolen"), "member of no organization")
    admin = acting(None)
    give(engine, added, admin, "admin")
    assert vensor("org", "add", slug, "--name", "A", "--retention-days", "30").exit_code == 0
    shorter = vensor("org", "add", slug, "--name", "A", "--retention-days", "1")
    refused(shorter, "vensor org retention --org .* --content-days 1` changes that")
    assert find_organization(engine, slug).retention_days == 30
    actions = [(row[0], row[1]) for row in trail(engine, added)]
    assert actions[0] == (f"user:{user_id}", "org.add")
    assert (f"user:{admin}", "org.change") in actions


def test_owners_alone_make_and_unmake_owners_and_one_stays(
    vensor: Vensor,
    acting: SignIn,
    engine: Engine,
    organization: Organization,
) -> None:
    """An admin manages the others; the last owner cannot leave or step down."""
    acting("owner")
    other, org = uuid4(), ("--org", organization.slug)
    assert vensor("member", "add", *org, "--user", str(other), "--role", "owner").exit_code == 0
    acting("admin")
    for change in (
        ("add", *org, "--user", str(other), "--role", "viewer"),
        ("remove", *org, "--user", str(other)),
        ("add", *org, "--user", str(uuid4()), "--role", "owner"),
    ):
        refused(vensor("member", *change), "owner.manage .* needs the role owner")
    viewer = str(uuid4())
    assert vensor("member", "add", *org, "--user", viewer, "--role", "viewer").exit_code == 0
    changed = vensor("member", "add", *org, "--user", viewer, "--role", "analyst")
    assert "and no longer viewer" in changed.stdout
    assert viewer in vensor("member", "list", *org).stdout
    assert vensor("member", "remove", *org, "--user", viewer).exit_code == 0
    refused(vensor("member", "remove", *org, "--user", viewer), "is no member of")
    assert roles_of(engine, organization)[other] == "owner"
    refusals = [row[2] for row in trail(engine, organization) if row[1] == "refused"]
    assert refusals == ["owner.manage"] * 3


def test_the_last_owner_stays(
    vensor: Vensor,
    acting: SignIn,
    engine: Engine,
    organization: Organization,
) -> None:
    """Removed or given a smaller role: neither leaves an organization without an owner."""
    owner, org = acting("owner"), ("--org", organization.slug)
    one = ("--user", str(owner))
    refused(vensor("member", "remove", *org, *one), "without an owner")
    refused(vensor("member", "add", *org, *one, "--role", "admin"), "without an owner")
    assert roles_of(engine, organization) == {owner: "owner"}


def test_the_first_owner_is_made_with_the_warehouse_s_own_login(
    vensor: Vensor,
    organization: Organization,
    engine: Engine,
    logins: Logins,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once; the loader's login does not do."""
    user_id = uuid4()
    command = ("member", "first-owner", "--org", organization.slug, "--user")
    loader = logins.loader.render_as_string(hide_password=False)
    with monkeypatch.context() as without:
        without.setenv("VENSOR_WAREHOUSE_URL", loader)
        refused(vensor(*command, str(user_id)), "set VENSOR_WAREHOUSE_URL")
    assert vensor(*command, str(user_id)).exit_code == 0
    refused(vensor(*command, str(uuid4())), "has members already")
    assert roles_of(engine, organization) == {user_id: "owner"}
    assert [row[1] for row in trail(engine, organization)][-2:] == ["member.first_owner", "refused"]


def test_without_supabase_one_operator_does_everything_but_where_there_are_members(
    vensor: Vensor,
    engine: Engine,
    organization: Organization,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A setting that is missing opens nothing that was closed."""
    monkeypatch.delenv("VENSOR_SUPABASE_URL")
    org = ("--org", organization.slug)
    assert "nobody signs in here" in vensor("whoami").stdout
    assert vensor("keys", "status", *org).exit_code == 0
    refused(vensor("login", stdin="x"), "VENSOR_SUPABASE_URL is not set")
    refused(vensor("authorize", "retention.run", *org), "needs no authorization here")
    add = ("member", "add", *org, "--user", str(uuid4()), "--role", "viewer")
    refused(vensor(*add), "only who is signed in .* Set VENSOR_SUPABASE_URL")
    give(engine, organization, uuid4(), "owner")
    refused(vensor("keys", "status", *org), "has members: set VENSOR_SUPABASE_URL")
    assert organization.slug not in vensor("org", "list").stdout


def test_two_organizations_tworoles_of(
    vensor: Vensor,
    engine: Engine,
    organization: Organization,
    acting: SignIn,
) -> None:
    """A role counts where it was given and nowhere else."""
    other = new_organization(engine)
    user_id = acting("viewer")
    give(engine, other, user_id, "admin")
    refused(vensor("keys", "status", "--org", organization.slug), "yours is viewer")
    assert vensor("keys", "status", "--org", other.slug).exit_code == 0
    lines = vensor("whoami").stdout.splitlines()
    assert {tuple(line.split()) for line in lines} >= {
        (organization.slug, "viewer"),
        (other.slug, "admin"),
    }
