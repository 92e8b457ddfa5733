"""`vensor ai`: choices, costs and budgets from the terminal."""

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cli.main import app
from cli.peers import Sandbox
from tasks.errors import ConfigurationError
from tasks.resources import Resources


def run(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["ai", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def test_choices_are_kept_shown_and_audited(resources: Resources) -> None:
    """Who, which, in what language; who chose stands in the audit trail."""
    org = ("--org", resources.organization.slug)
    assert "packaged" in run("status", *org)
    run("use", *org, "--embed", "openai", "--model", "text-embedding-3-large", "--dimension", "256")
    run("use", *org, "--transcribe", "local", "--language", "DE", "--agent-channel", "first")
    shown = run("status", *org)
    assert "text-embedding-3-large@256" in shown
    assert "language de, agent on channel first" in shown
    assert "OPENAI_API_KEY is not set" in shown
    with resources.session() as connection:
        audited = connection.execute(
            text(
                "select details ->> 'provider' from audit.events"
                " where action = 'change.settings' order by 1"
            )
        ).scalars()
        assert list(audited) == ["local", "openai"]


def test_the_server_s_abilities_are_found_out(
    resources: Resources, sandbox: Sandbox, monkeypatch
) -> None:
    """By requests that cost nothing: no line of use comes of it."""
    monkeypatch.setenv("OPENAI_API_KEY", sandbox.openai["api_key"])
    monkeypatch.setenv("OPENAI_BASE_URL", sandbox.openai["base_url"])
    monkeypatch.setenv("VENSOR_OPENAI_FLAGS", "json_object=no")
    shown = run("status", "--org", resources.organization.slug)
    assert "responses yes" in shown
    assert "json_object no" in shown
    with resources.session() as connection:
        assert connection.execute(text("select count(*) from ai.usage")).scalar_one() == 0


def test_a_budget_is_set_and_taken_away(resources: Resources) -> None:
    """Dollars a day, or as many as it takes."""
    org = ("--org", resources.organization.slug)
    assert "no budget" in run("status", *org)
    run("budget", *org, "--usd-per-day", "2.5")
    assert "$0.0000 of $2.5000 a day" in run("status", *org)
    run("budget", *org, "--none")
    assert "no budget" in run("status", *org)


@pytest.mark.parametrize(
    "arguments",
    [
        ("use",),
        ("use", "--embed", "local", "--model", "m"),
        ("use", "--embed", "openai", "--analyse", "openai", "--model", "m"),
        ("use", "--transcribe", "openai", "--dimension", "4"),
        ("use", "--embed", "openai", "--language", "de"),
        ("use", "--transcribe", "local", "--language", "german"),
        ("budget",),
        ("budget", "--usd-per-day", "1", "--none"),
    ],
)
def test_what_makes_no_sense_is_refused(resources: Resources, arguments) -> None:
    """One line that says what goes with what."""
    with pytest.raises(ConfigurationError):
        run(*arguments, "--org", resources.organization.slug)
