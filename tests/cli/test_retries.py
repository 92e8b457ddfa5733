"""What a terminal shows of calls that are tried again."""

import os
import subprocess
import sys
from io import StringIO

import pytest
import stamina
from rich.console import Console

from cli.display import RetryNotice
from cli.peers import Sandbox
from tasks.errors import TransientError
from tasks.resources import Resources


def fail(error: Exception) -> None:
    for attempt in stamina.retry_context(on=Exception, attempts=3, wait_initial=0.01):
        with attempt:
            raise error


def shown(error: Exception, *, screen: bool) -> str:
    """What is shown of a call that fails three times, on a screen or in a pipe."""
    console = Console(file=StringIO(), force_terminal=screen, color_system=None)
    stamina.instrumentation.set_on_retry_hooks([RetryNotice(console)])
    try:
        with pytest.raises(type(error)):
            fail(error)
    finally:
        stamina.instrumentation.set_on_retry_hooks(None)
    return str(console.file.getvalue())


def test_a_call_that_is_tried_again_is_one_plain_line_on_a_screen() -> None:
    """In a pipe it is none; of an error that is none of ours only its name is told."""
    error = TransientError("acme did not answer (ReadTimeout)")
    assert shown(error, screen=True) == "acme did not answer (ReadTimeout); trying again\n"
    assert shown(OSError("a customer's words"), screen=True) == "OSError; trying again\n"
    assert shown(error, screen=False) == ""


def test_no_command_shows_a_library_s_log_lines(resources: Resources, sandbox: Sandbox) -> None:
    """A key service that is away is asked three times, and told of once."""
    slack = sandbox.slack
    place = ("--channel", slack["channels"]["acme"], "--base-url", slack["base_url"])
    command = ("connect", "slack", "--org", resources.organization.slug, *place)
    away = {"VENSOR_KEK": "hcvault://127.0.0.1:9/transit/keys/vensor", "VAULT_TOKEN": "none"}
    done = subprocess.run(
        [sys.executable, "-c", "from cli.main import main; main()", *command],
        env=os.environ | away,
        input=slack["bot_token"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    read, told = done.stderr.splitlines()
    assert read == "bot token read"
    assert told.startswith("vensor: Vault (hcvault://127.0.0.1:9/transit/keys/vensor) did not")
