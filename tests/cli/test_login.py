"""Signing in at the terminal, the settings of it, and tokens that come out nowhere."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from cli.main import app
from tests.cli.conftest import SignIn, Vensor, refused, trail
from tests.supabase import ANON_KEY, PASSWORD, Supabase
from warehouse.sessions import Organization


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
def test_settings_that_would_weaken_it_arerefused(
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
    refused(result, said)
    assert not value or value not in str(result.exception)


def test_a_name_that_only_users_have_is_nobody_s_without_them(
    settings_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Supabase VENSOR_ACTOR names who acts, but it cannot name a user."""
    monkeypatch.setenv("VENSOR_ACTOR", f"user:{uuid4()}")
    refused(CliRunner().invoke(app, ["whoami"]), "VENSOR_ACTOR")
    monkeypatch.setenv("VENSOR_ACTOR", "ops")
    assert "ops" in CliRunner().invoke(app, ["whoami"]).stdout
    monkeypatch.setenv("VENSOR_TOKEN", "x")
    refused(CliRunner().invoke(app, ["whoami"]), "VENSOR_TOKEN .it needs VENSOR_SUPABASE_URL")


def test_login_keeps_a_token_that_only_its_owner_reads(
    vensor: Vensor, supabase: Supabase, tmp_path: Path
) -> None:
    """What is no good is not kept; VENSOR_TOKEN wins; logout forgets."""
    user_id = uuid4()
    token = supabase.token(user_id)
    refused(vensor("whoami"), "nobody is signed in")
    refused(vensor("login", stdin="\n"), "read from stdin")
    refused(vensor("login", stdin=supabase.token(role="service_role")), "no signed-in user's")
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
    refused(vensor("whoami"), "nobody is signed in")


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
    refused(vensor("whoami"), "has expired; run `vensor login`, or set VENSOR_TOKEN")


def test_a_password_signs_in_and_the_sign_in_is_renewed(
    vensor: Vensor, supabase: Supabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Access tokens last an hour: the refresh token, good once, gets the next."""
    supabase.users["ada@acme.example"] = user_id = uuid4()
    sign_in = ("login", "--email", "ada@acme.example")
    refused(vensor(*sign_in, stdin=PASSWORD), "needs VENSOR_SUPABASE_ANON_KEY")
    monkeypatch.setenv("VENSOR_SUPABASE_ANON_KEY", ANON_KEY)
    refused(vensor(*sign_in, stdin="wrong"), "refused the sign-in")
    done = vensor(*sign_in, stdin=PASSWORD)
    assert f"user:{user_id}" in done.stdout
    assert PASSWORD not in done.output
    kept = json.loads((tmp_path / "token").read_text())
    (tmp_path / "token").write_text(json.dumps(kept | {"expires_at": 0}))
    assert f"user:{user_id}" in vensor("whoami").stdout
    renewed = json.loads((tmp_path / "token").read_text())
    assert renewed["refresh_token"] != kept["refresh_token"]
    (tmp_path / "token").write_text(json.dumps(kept | {"expires_at": 0}))
    refused(vensor("whoami"), "run `vensor login` again")


def test_doctor_says_who_may_sign_in_and_what_is_wrong(
    vensor: Vensor, supabase: Supabase, acting: SignIn
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
    acting: SignIn,
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
            said += json.dumps(trail(engine, organization))
            assert not [part for part in token.split(".") if len(part) > 1 and part in said]
