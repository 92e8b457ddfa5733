"""Wrong input: one line on stderr that says what to do, and a status that scripts can read."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from cli.main import app


def _vensor(*arguments: str, home: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", "from cli.main import main; main()", *arguments],
        env={"VENSOR_HOME": home, "PATH": "/usr/bin:/bin", "HOME": home},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("org", "list"), 1, "run `vensor init`"),
        (("run", "--org", "acme", "--stages", "extract,bake"), 1, "no stage 'bake'; there are:"),
        (("run", "--org", "acme", "--as-of", "yesterday"), 1, "is not an instant such as"),
        (("sop", "findings", "--org", "acme", "--ticket", "first"), 2, "integer"),
        (("knowledge", "add", "--org", "acme"), 2, "paths"),
        (("run",), 2, "org"),
        (("bake",), 2, "No such command"),
        (("org", "add", "acme", "--name", "A", "--timezone", "Mars/Base"), 2, "time zone"),
        (("label", "--org", "acme", "--ticket", "1", "--sentiment", "sad"), 2, "very_negative"),
        (("org", "add", "acme", "--name", "A", "--retention-days", "0"), 2, "1"),
        (("bi", "grant", "--org", "acme", "--login", "Big Tool"), 2, "--login"),
        (("org", "retention", "--org", "acme", "--audit-days", "29"), 2, "30"),
        (("hold", "place", "--org", "a", "--reason", "m", "--until", "soon"), 1, "is not a day"),
        (("retention", "prove"), 2, "proofs"),
        (("org", "add", "acme", "--name", "A", "--upstream-recordings", "burn"), 2, "keep"),
        (("inventory", "--json", "--csv"), 2, "give one of"),
        (("restore", "check"), 1, "run `vensor init`"),
        (("org", "delete", "--org", "acme", "--confirm", "acme"), 1, "run `vensor init`"),
        (("org", "certificate", "no.json"), 1, "is no certificate"),
        (("audit", "verify", "--head", "12:ab"), 1, "NUMBER:DIGEST"),
        (("audit", "export", "--org", "acme", "--from", "May"), 1, "is not a day such as"),
        (("hold", "lift", "--org", "acme", "first"), 1, "run `vensor init`"),
        (("privacy", "access", "--org", "acme", "--zendesk-id", "maria"), 2, "integer"),
        (("escalations", "quiet", "--org", "acme", "--from", "late"), 2, "%H:%M"),
        (("escalations", "vip", "add", "--org", "acme", "name", "Ada"), 2, "domain"),
    ],
)
def test_wrong_input_ends_with_one_clear_line(
    tmp_path, arguments: tuple[str, ...], status: int, said: str
) -> None:
    """No traceback, no second line, and no server started for nothing."""
    done = _vensor(*arguments, home=str(tmp_path))
    assert done.returncode == status
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stderr.startswith("vensor: ")
    assert not (tmp_path / "prefect.json").exists()


def test_every_command_has_help_with_an_example() -> None:
    """`--help` of each command shows how it is called."""
    commands = ["init", "run", "daily", "backfill", "retention", "up", "down", "metrics", "search"]
    calls = [(name,) for name in (*commands, "doctor", "demo")]
    calls += [(name,) for name in ("login", "logout", "whoami", "authorize")]
    calls += [("member", name) for name in ("add", "list", "remove", "first-owner")]
    calls += [("quarantine", "list"), ("quarantine", "retry")]
    calls += [("knowledge", name) for name in ("add", "list", "remove")]
    calls += [("sop", name) for name in ("findings", "rescore")]
    calls += [("evaluate",), ("label",), ("gates",)]
    calls += [("org", "retention"), *(("hold", name) for name in ("place", "list", "lift"))]
    calls += [("bi", name) for name in ("grant", "list", "revoke")]
    calls += [("keys", "status"), ("keys", "rotate")]
    calls += [("privacy", "erase"), ("privacy", "rectify")]
    calls += [("disconnect", "zendesk"), ("disconnect", "slack")]
    calls += [("org", name) for name in ("delete", "approve-delete", "certificate", "open-content")]
    calls += [("inventory",), ("restore", "check"), ("digest",), ("slack", "listen")]
    names = ("list", "ack", "wrong", "mute", "test", "rules", "set", "off", "reset", "quiet")
    calls += [("escalations", name) for name in names]
    calls += [("escalations", "vip", name) for name in ("list", "add", "remove")]
    calls += [("org", "add"), ("org", "list"), ("connect", "zendesk"), ("connect", "slack")]
    calls += [("assess", "list"), ("assess", "show"), ("assess", "batch")]
    calls += [("quality", name) for name in ("show", "set", "reset")]
    calls += [("topics", name) for name in ("show", "set", "reset")]
    calls += [("audit", name) for name in ("verify", "list", "export")]
    rights = ("access", "export", "fetch", "requests", "approve", "refuse", "receipt")
    calls += [("privacy", name) for name in (*rights, "opt-out", "opt-in")]
    for call in calls:
        done = CliRunner().invoke(app, [*call, "--help"], prog_name="vensor")
        assert done.exit_code == 0, call
        assert f"vensor {' '.join(call)}" in done.stdout.replace("\n", " "), call
        assert "Example" in done.stdout, call


def test_the_terminal_imports_prefect_only_when_a_flow_runs() -> None:
    """Prefect reads its settings at import: before its server is known, that is too early.

    The other libraries take a second each, which nobody is to wait for in vain.
    """
    code = (
        "import sys, cli.main; "
        "sys.exit(bool({'prefect', 'dbt', 'great_expectations', 'openai'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
