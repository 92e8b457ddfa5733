"""`vensor digest` and `vensor slack listen` at the terminal."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli.blocks import words_of
from cli.demo import connect_to
from cli.main import app
from cli.peers import Sandbox
from tasks.buttons import store_app_token
from tasks.errors import ConfigurationError
from tasks.resources import Resources

WAIT_SECONDS = 30


def digest(resources: Resources, *arguments: str) -> Result:
    told = ("digest", "--org", resources.organization.slug, *arguments)
    return CliRunner().invoke(app, told, env={"COLUMNS": "200"})


def test_a_digest_is_shown_as_it_would_be_posted(resources: Resources, sandbox: Sandbox) -> None:
    """Twice the same; a desk that nothing was measured of has no picture."""
    connect_to(sandbox, resources, "acme")
    first, second = digest(resources), digest(resources)
    assert first.exit_code == 0, first.output
    assert first.stdout == second.stdout
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    assert f"{resources.organization.name}: {yesterday}" in first.stdout
    assert "Created\nnot measured" in first.stdout
    assert "0 tickets scored by" in first.stdout
    assert "no picture: fewer than 7 days are measured" in first.stdout
    with resources.session() as connection:
        assert connection.exec_driver_sql("select count(*) from app.outbox").scalar_one() == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--day", "2999-01-01"), "is not over yet"),
        (("--day", "May"), "is not a day such as"),
        (("--out", "trend.jpg"), "is not a .png in a folder that is there"),
        (("--out", "/nowhere/trend.png"), "is not a .png in a folder that is there"),
    ],
)
def test_a_digest_that_cannot_be_shown(
    resources: Resources, arguments: tuple[str, ...], said: str
) -> None:
    done = digest(resources, *arguments)
    assert isinstance(done.exception, ConfigurationError)
    assert said in str(done.exception)


def test_slack_s_markup_is_no_word() -> None:
    """Links are their words, bold and escapes are undone, buttons are told."""
    text = {"type": "mrkdwn", "text": "*Orders* <https://a.example/1|#1> 2*3 &lt;b&gt;"}
    button = {"type": "button", "text": {"type": "plain_text", "text": "Acknowledge"}}
    blocks = [
        {"type": "section", "text": text, "fields": [{"type": "mrkdwn", "text": "*State*\nopen"}]},
        {"type": "actions", "elements": [button]},
        {"type": "divider"},
    ]
    assert words_of(blocks) == "Orders #1 2*3 <b>\nState\nopen\nAcknowledge"


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_listening_ends_when_it_is_told_to(
    resources: Resources, sandbox: Sandbox, sent: signal.Signals, status: int
) -> None:
    """With its connection, and at most one line."""
    connect_to(sandbox, resources, "acme")
    slack = sandbox.slack
    store_app_token(
        resources,
        base_url=slack["base_url"],
        channel=slack["channels"]["acme"],
        token=slack["app_token"],
    )
    command = ("slack", "listen", "--org", resources.organization.slug)
    process = subprocess.Popen(
        [sys.executable, "-c", "from cli.main import main; main()", *command],
        env=os.environ.copy(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "listening for buttons in 1 channel; Ctrl-C stops it\n"
    process.send_signal(sent)
    _out, told = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == status
    assert told == ("vensor: stopped; the same command goes on from here\n" if status else "")
    headers = {"Authorization": f"Bearer {sandbox.control_token}"}
    url, end = f"{sandbox.control_url}/slack/connections", time.monotonic() + WAIT_SECONDS
    while httpx.get(url, headers=headers).json()["connected"]:
        assert time.monotonic() < end
        time.sleep(0.1)
