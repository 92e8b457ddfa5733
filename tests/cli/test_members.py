"""Members at the terminal: signing in, roles, refusals and their trail."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import typer
from click.testing import Result
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from cli.main import app
from tasks.errors import VensorError
from tasks.identity import OPERATIONS
from tests.conftest import new_organization
from tests.supabase import ANON_KEY, PASSWORD, Supabase
from warehouse.members import put
from warehouse.sessions import Logins, Organization, find_organization, tenant_session

# What is done to this machine or this terminal, and asks for no role.
HOUSEKEEPING = {"init", "down", "demo", "doctor", "login", "logout", "whoami", "member first-owner"}
Vensor = Callable[..., Result]


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
        for operation, roles in commands[name].operations.items():  # type: ignore[attr-defined]
            assert OPERATIONS[operation] == roles, name


def test_owners_may_do_everything_and_viewers_least() -> None:
    """No operation is forgotten by whoever is to decide; a viewer reads numbers and documents."""
    assert all("owner" in roles for roles in OPERATIONS.values())
    viewers = {name for name, roles in OPERATIONS.items() if "viewer" in roles}
    readable = {"org.add", "org.read", "metrics.read", "report", "knowledge.search"}
    assert viewers == readable


@pytest.fixture
def vensor(
    settings_environment: None, supabase: Supabase, monkeypatch: pytest.MonkeyPatch
) -> Vensor:
    """Runs a command in this process, against a warehouse whose users sign in."""
    monkeypatch.setenv("VENSOR_SUPABASE_URL", supabase.url)
    return lambda *arguments, stdin="": CliRunner().invoke(app, arguments, input=stdin)


@pytest.fixture
def acting(
    supabase: Supabase, engine: Engine, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str | None], UUID]:
    """Signs in a new user with this role in the organization."""

    def sign_in(role: str | None) -> UUID:
        user_id = uuid4()
        if role is not None:
            _give(engine, organization, user_id, role)
        monkeypatch.setenv("VENSOR_TOKEN", supabase.token(user_id))
        return user_id

    return sign_in


def _give(engine: Engine, organization: Organization, user_id: UUID, role: str) -> None:
    with tenant_session(engine, organization.org_id) as connection:
        put(connection, organization.org_id, user_id, role)


def _trail(engine: Engine, organization: Organization) -> list[tuple[str, str, str, dict]]:
    with tenant_session(engine, organization.org_id) as connection:
        rows = connection.execute(
            text("select actor, action, purpose, details from audit.events order by happened_at")
        )
        return [tuple(row) for row in rows]


def _roles(engine: Engine, organization: Organization) -> dict[UUID, str]:
    with tenant_session(engine, organization.org_id) as connection:
        return dict(connection.execute(text("select user_id, role from app.members")).all())


def _refused(result: Result, said: str) -> None:
    assert result.exit_code == 1
    assert isinstance(result.exception, VensorError), result.exception
    assert re.search(said, str(result.exception)), result.exception


@pytest.mark.parametrize("role", ["owner", "admin", "analyst", "viewer", "privacy_officer", None])
@pytest.mark.parametrize(
    ("arguments", "operation"),
    [
        (("metrics", "fct_ticket_flow_daily"), "metrics.read"),
        (("search", "words"), "knowledge.search"),
        (("search", "words", "--in", "tickets"), "tickets.search"),
        (("quarantine", "list"), "quarantine.list"),
        (("quarantine", "retry"), "quarantine.retry"),
        (("keys", "status"), "keys.status"),
        (("keys", "rotate"), "keys.rotate"),
        (("disconnect", "slack"), "connect"),
        (("member", "list"), "member.read"),
        (("member", "add", "--user", str(uuid4()), "--role", "viewer"), "member.manage"),
        (("authorize", "retention.run"), "retention.run"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_role_opens_what_the_table_says(
    vensor: Vensor,
    acting: Callable[[str | None], UUID],
    engine: Engine,
    organization: Organization,
    role: str | None,
    arguments: tuple[str, ...],
    operation: str,
) -> None:
    """And nothing else; every refusal is in the audit trail, with who and as what."""
    user_id = acting(role)
    result = vensor(*arguments, "--org", organization.slug)
    refusals = [row for row in _trail(engine, organization) if row[1] == "refused"]
    if role in OPERATIONS[operation]:
        assert refusals == []
        assert type(result.exception).__name__ != "NotAllowedError"
        return
    _refused(result, "vensor whoami" if role is None else f"needs the role .*, and yours is {role}")
    assert refusals == [(f"user:{user_id}", "refused", operation, {"role": role or "none"})]


def test_what_is_done_is_done_by_the_user(
    vensor: Vensor,
    acting: Callable[[str | None], UUID],
    engine: Engine,
    organization: Organization,
) -> None:
    """The audit trail of an operation names who signed in."""
    user_id = acting("admin")
    assert vensor("keys", "rotate", "--org", organization.slug).exit_code == 0
    (row,) = [row for row in _trail(engine, organization) if row[1] == "keys.rotate"]
    assert row[0] == f"user:{user_id}"


def test_a_role_that_was_taken_away_counts_at_once(
    vensor: Vensor,
    acting: Callable[[str | None], UUID],
    engine: Engine,
    organization: Organization,
) -> None:
    """The token says who; what they may do is asked of the warehouse each time."""
    user_id = acting("admin")
    status = ("keys", "status", "--org", organization.slug)
    assert vensor(*status).exit_code == 0
    _give(engine, organization, user_id, "viewer")
    _refused(vensor(*status), "yours is viewer")


def test_others_organizations_look_as_if_they_were_not_there(
    vensor: Vensor,
    acting: Callable[[str | None], UUID],
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
        _refused(result, "in every organization needs the role")
        assert other_organization.slug not in str(result.exception)
    assert organization.slug in vensor("whoami").stdout


def test_who_adds_an_organization_owns_it(
    vensor: Vensor, acting: Callable[[str | None], UUID], engine: Engine
) -> None:
    """And alone may change it."""
    user_id, slug = acting(None), f"new-{uuid4().hex[:8]}"
    assert vensor("org", "add", slug, "--name", "New").exit_code == 0
    added = find_organization(engine, slug)
    assert _roles(engine, added) == {user_id: "owner"}
    assert vensor("org", "add", slug, "--name", "Newer", "--retention-days", "60").exit_code == 0
    acting(None)
    _refused(vensor("org", "add", slug, "--name", "Stolen"), "member of no organization")
    admin = acting(None)
    _give(engine, added, admin, "admin")
    assert vensor("org", "add", slug, "--name", "A", "--retention-days", "60").exit_code == 0
    shorter = vensor("org", "add", slug, "--name", "A", "--retention-days", "1")
    _refused(shorter, "retention.change .* needs the role owner")
    assert find_organization(engine, slug).retention_days == 60
    actions = [(row[0], row[1]) for row in _trail(engine, added)]
    assert actions[0] == (f"user:{user_id}", "org.add")
    assert (f"user:{admin}", "org.change") in actions


def test_owners_alone_make_and_unmake_owners_and_one_stays(
    vensor: Vensor,
    acting: Callable[[str | None], UUID],
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
        _refused(vensor("member", *change), "owner.manage .* needs the role owner")
    viewer = str(uuid4())
    assert vensor("member", "add", *org, "--user", viewer, "--role", "viewer").exit_code == 0
    changed = vensor("member", "add", *org, "--user", viewer, "--role", "analyst")
    assert "and no longer viewer" in changed.stdout
    assert viewer in vensor("member", "list", *org).stdout
    assert vensor("member", "remove", *org, "--user", viewer).exit_code == 0
    _refused(vensor("member", "remove", *org, "--user", viewer), "is no member of")
    assert _roles(engine, organization)[other] == "owner"
    refused = [row[2] for row in _trail(engine, organization) if row[1] == "refused"]
    assert refused == ["owner.manage"] * 3


def test_the_last_owner_stays(
    vensor: Vensor,
    acting: Callable[[str | None], UUID],
    engine: Engine,
    organization: Organization,
) -> None:
    """Removed or given a smaller role: neither leaves an organization without an owner."""
    owner, org = acting("owner"), ("--org", organization.slug)
    one = ("--user", str(owner))
    _refused(vensor("member", "remove", *org, *one), "without an owner")
    _refused(vensor("member", "add", *org, *one, "--role", "admin"), "without an owner")
    assert _roles(engine, organization) == {owner: "owner"}


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
        _refused(vensor(*command, str(user_id)), "set VENSOR_WAREHOUSE_URL")
    assert vensor(*command, str(user_id)).exit_code == 0
    _refused(vensor(*command, str(uuid4())), "has members already")
    assert _roles(engine, organization) == {user_id: "owner"}
    assert [row[1] for row in _trail(engine, organization)][-1] == "member.first_owner"


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
    _refused(vensor("login", stdin="x"), "VENSOR_SUPABASE_URL is not set")
    _refused(vensor("authorize", "retention.run", *org), "needs no authorization here")
    add = ("member", "add", *org, "--user", str(uuid4()), "--role", "viewer")
    _refused(vensor(*add), "only who is signed in .* Set VENSOR_SUPABASE_URL")
    _give(engine, organization, uuid4(), "owner")
    _refused(vensor("keys", "status", *org), "has members: set VENSOR_SUPABASE_URL")
    assert organization.slug not in vensor("org", "list").stdout


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("VENSOR_ACTOR", "user:6f9619ff-8b86-d011-b42d-00c04fc964ff", "VENSOR_ACTOR .*unset it"),
        ("VENSOR_ACTOR", "root", "VENSOR_ACTOR .*unset it"),
        ("VENSOR_SUPABASE_URL", "", "VENSOR_SUPABASE_URL"),
        ("VENSOR_SUPABASE_URL", "http://x.supabase.co", "http on loopback only"),
        ("VENSOR_SUPABASE_URL", "https://x.supabase.co/auth/v1", "of the form"),
        ("VENSOR_JWT_SECRET", "Wilhelmina", "VENSOR_JWT_SECRET .shorter than 32 bytes"),
    ],
)
def test_settings_that_would_weaken_it_are_refused(
    vensor: Vensor,
    organization: Organization,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    said: str,
) -> None:
    """By name and reason; the value is not shown."""
    monkeypatch.setenv(name, value)
    result = vensor("keys", "status", "--org", organization.slug)
    _refused(result, said)
    assert not value or value not in str(result.exception)


def test_a_name_that_only_users_have_is_nobody_s_without_them(
    settings_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Supabase VENSOR_ACTOR names who acts, but it cannot name a user."""
    monkeypatch.setenv("VENSOR_ACTOR", f"user:{uuid4()}")
    _refused(CliRunner().invoke(app, ["whoami"]), "VENSOR_ACTOR")
    monkeypatch.setenv("VENSOR_ACTOR", "ops")
    assert "ops" in CliRunner().invoke(app, ["whoami"]).stdout
    monkeypatch.setenv("VENSOR_TOKEN", "x")
    _refused(CliRunner().invoke(app, ["whoami"]), "VENSOR_TOKEN .it needs VENSOR_SUPABASE_URL")


def test_login_keeps_a_token_that_only_its_owner_reads(
    vensor: Vensor, supabase: Supabase, tmp_path: Path
) -> None:
    """What is no good is not kept; VENSOR_TOKEN wins; logout forgets."""
    user_id = uuid4()
    token = supabase.token(user_id)
    _refused(vensor("whoami"), "nobody is signed in")
    _refused(vensor("login", stdin="\n"), "read from stdin")
    _refused(vensor("login", stdin=supabase.token(role="service_role")), "no signed-in user's")
    assert not (tmp_path / "token").exists()
    done = vensor("login", stdin=f"{token}\n")
    assert done.exit_code == 0
    assert f"user:{user_id}" in done.stdout
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
    told = vensor("whoami")
    assert f"user:{user_id}" in told.stdout
    assert token not in done.output + told.output
    assert vensor("logout").stdout == "signed out\n"
    assert vensor("logout").stdout == "nobody was signed in\n"
    _refused(vensor("whoami"), "nobody is signed in")


def test_a_token_from_the_environment_wins(
    vensor: Vensor, supabase: Supabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For scripts; one that has expired is not replaced by the other silently."""
    vensor("login", stdin=supabase.token())
    user_id = uuid4()
    monkeypatch.setenv("VENSOR_TOKEN", supabase.token(user_id))
    assert f"user:{user_id}" in vensor("whoami").stdout
    expired = supabase.token(exp=datetime.now(UTC) - timedelta(hours=1))
    monkeypatch.setenv("VENSOR_TOKEN", expired)
    _refused(vensor("whoami"), "has expired; run `vensor login`, or set VENSOR_TOKEN")


def test_a_password_signs_in_and_the_sign_in_is_renewed(
    vensor: Vensor, supabase: Supabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Access tokens last an hour: the refresh token, good once, gets the next."""
    supabase.users["ada@acme.example"] = user_id = uuid4()
    sign_in = ("login", "--email", "ada@acme.example")
    _refused(vensor(*sign_in, stdin=PASSWORD), "needs VENSOR_SUPABASE_ANON_KEY")
    monkeypatch.setenv("VENSOR_SUPABASE_ANON_KEY", ANON_KEY)
    _refused(vensor(*sign_in, stdin="wrong"), "refused the sign-in")
    done = vensor(*sign_in, stdin=PASSWORD)
    assert f"user:{user_id}" in done.stdout
    assert PASSWORD not in done.output
    kept = json.loads((tmp_path / "token").read_text())
    (tmp_path / "token").write_text(json.dumps(kept | {"expires_at": 0}))
    assert f"user:{user_id}" in vensor("whoami").stdout
    renewed = json.loads((tmp_path / "token").read_text())
    assert renewed["refresh_token"] != kept["refresh_token"]
    (tmp_path / "token").write_text(json.dumps(kept | {"expires_at": 0}))
    _refused(vensor("whoami"), "run `vensor login` again")


def test_doctor_says_who_may_sign_in_and_what_is_wrong(
    vensor: Vensor, supabase: Supabase, acting: Callable[[str | None], UUID]
) -> None:
    """The keys are fetched; a project without any needs the secret."""
    user_id = acting(None)

    def told() -> str:
        return " ".join(vensor("doctor").stdout.split())

    assert "whose tokens 2 keys verify" in told()
    assert f"user:{user_id}" in told()
    supabase.keys.clear()
    assert "publishes no keys: set VENSOR_JWT_SECRET" in told()
    supabase.status = 503
    assert "busy or away" in told()


def test_no_token_comes_out_anywhere(
    vensor: Vensor,
    supabase: Supabase,
    organization: Organization,
    engine: Engine,
    acting: Callable[[str | None], UUID],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not in output, errors, logs or the audit trail, whether it is good or not."""
    caplog.set_level(0)
    acting("viewer")
    good, bad = supabase.token(), supabase.token(iss="https://evil.example")
    for token in (good, bad, "Wilhelmina.Featherstonehaugh.x"):
        monkeypatch.setenv("VENSOR_TOKEN", token)
        for arguments in (("whoami",), ("doctor",), ("keys", "rotate", "--org", organization.slug)):
            result = vensor(*arguments)
            said = result.output + repr(result.exception) + caplog.text
            said += json.dumps(_trail(engine, organization))
            assert not [part for part in token.split(".") if len(part) > 1 and part in said]


def test_two_organizations_two_roles(
    vensor: Vensor,
    engine: Engine,
    organization: Organization,
    acting: Callable[[str | None], UUID],
) -> None:
    """A role counts where it was given and nowhere else."""
    other = new_organization(engine)
    user_id = acting("viewer")
    _give(engine, other, user_id, "admin")
    _refused(vensor("keys", "status", "--org", organization.slug), "yours is viewer")
    assert vensor("keys", "status", "--org", other.slug).exit_code == 0
    lines = vensor("whoami").stdout.splitlines()
    assert {tuple(line.split()) for line in lines} >= {
        (organization.slug, "viewer"),
        (other.slug, "admin"),
    }
