"""`vensor connect zendesk` as people call it: in a process, with a browser, an agent's token."""

import os
import pty
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tasks.connections import StoredCredentials, find_connection
from tasks.errors import ConfigurationError
from tasks.resources import Resources
from tests.tasks.zendesk.oauth.account import Account, served

VENSOR = [sys.executable, "-c", "from cli.main import main; main()"]
BROWSER = """#!{python}
import sys, urllib.parse, urllib.request
told = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(sys.argv[1]).query))
query = urllib.parse.urlencode(dict(error="access_denied", state=told["state"]))
urllib.request.urlopen(told["redirect_uri"] + "?" + query).read()
"""


@pytest.fixture
def desk() -> Iterator[Account]:
    """An account whose client is public."""
    with served(Account(secret=None)) as found:
        yield found


def _popen(*arguments: str) -> "subprocess.Popen[str]":
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environment = {**os.environ, "COLUMNS": "80"}
    return subprocess.Popen([*VENSOR, *arguments], env=environment, text=True, **pipes)


def _run(*arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    process = _popen(*arguments)
    out, err = process.communicate(stdin, timeout=60)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def _login(resources: Resources, desk: Account, *more: str) -> list[str]:
    slug = resources.organization.slug
    return [
        *("connect", "zendesk", "--org", slug, "--base-url", desk.url, "--client-id", "vensor"),
        *("--browser", "--redirect-port", "0", *more),
    ]


def _shown(process: "subprocess.Popen[str]") -> str:
    """The address that the terminal shows: whole, on a line of its own."""
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("http"):
            return line.strip()
    raise AssertionError("no address was shown")


def test_a_public_client_is_connected_by_browser(resources: Resources, desk: Account) -> None:
    """Without a secret; what was granted is sealed, and no output holds any of it."""
    process = _popen(*_login(resources, desk, "--public", "--write"))
    url = _shown(process)
    assert "scope=read+hc%3Aread+write&" in url
    assert httpx.get(desk.consent(url), trust_env=False).status_code == 200
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert f"{resources.organization.slug} is connected" in " ".join(out.split())
    stored = StoredCredentials(resources).load()
    assert (stored.kind, stored.client_secret) == ("authorization_code", None)
    assert (stored.access_token, stored.more_scopes) == ("access-2", "write")
    printed = out + err
    assert not [one for one in ("access-2", "refresh-2", "code-1") if one in printed]


def test_a_confidential_client_gives_its_secret_by_stdin(resources: Resources) -> None:
    """As ever; the terminal does not show it again."""
    with served(Account(secret="the-secret")) as desk:
        process = _popen(*_login(resources, desk))
        assert process.stdin is not None
        process.stdin.write("the-secret\n")
        process.stdin.flush()
        assert httpx.get(desk.consent(_shown(process)), trust_env=False).status_code == 200
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "the-secret" not in out + err
    assert StoredCredentials(resources).load().client_secret == "the-secret"


def test_a_login_that_is_broken_off_leaves_nothing(resources: Resources, desk: Account) -> None:
    """Ctrl-C: one line, the usual status, the port free again, and no connection."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = _popen(*_login(resources, desk, "--public"), "--redirect-port", str(port))
    _shown(process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert err.strip().splitlines() == ["vensor: stopped; the same command goes on from here"]
    socket.create_server(("127.0.0.1", port)).close()
    with pytest.raises(ConfigurationError, match="not connected"):
        StoredCredentials(resources).load()


def test_a_login_that_nobody_answers_ends_with_one_line(
    resources: Resources, desk: Account
) -> None:
    """After the seconds that were given."""
    done = _run(*_login(resources, desk, "--public", "--wait-seconds", "1"))
    assert done.returncode == 1
    assert "no answer came from the browser within 1 seconds" in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("vensor: ")


def test_a_browser_is_opened_where_somebody_sits(
    resources: Resources, desk: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A terminal and a screen: then the system's browser is called. This one says no."""
    browser = tmp_path / "browser"
    browser.write_text(BROWSER.format(python=sys.executable))
    browser.chmod(stat.S_IRWXU)
    monkeypatch.setenv("BROWSER", f"{browser} %s &")
    monkeypatch.setenv("DISPLAY", ":0")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*VENSOR, *_login(resources, desk, "--public")], stdin=subprocess.DEVNULL, stderr=theirs
    )
    os.close(theirs)
    assert process.wait(timeout=60) == 1
    shown = os.read(ours, 2**16).decode()
    os.close(ours)
    assert "access was denied in the browser" in " ".join(shown.split())


def test_an_api_token_connects_with_a_warning_and_ends_by_hand(
    resources: Resources, desk: Account
) -> None:
    """Its address and itself are sealed; Zendesk has no call that deletes it."""
    desk.basic = "Basic YWdlbnRAYWNtZS5leGFtcGxlL3Rva2VuOnRoZS1hcGktdG9rZW4="
    slug = resources.organization.slug
    options = ("--org", slug, "--base-url", desk.url, "--api-token")
    address = "agent@acme.example"
    done = _run("connect", "zendesk", *options, "--email", address, stdin="the-api-token\n")
    assert done.returncode == 0, done.stderr
    for said in ("2026-10-27", "30 days", "2027-04-30", "warning: "):
        assert said in done.stderr
    assert address not in done.stdout + done.stderr
    stored = StoredCredentials(resources).load()
    assert (stored.email, stored.api_token) == (address, "the-api-token")
    connected = find_connection(resources, "zendesk")
    assert connected.client_id is None
    assert f"{connected.expires_at:%Y-%m-%d}" == "2027-05-01"
    assert address.encode() not in connected.credentials
    gone = _run("disconnect", "zendesk", "--org", slug)
    assert "works on until it is deleted: Admin Center" in gone.stdout, gone.stderr
    with pytest.raises(ConfigurationError, match="not connected"):
        StoredCredentials(resources).load()


def test_disconnecting_revokes_and_forgets(resources: Resources, desk: Account) -> None:
    """At Zendesk and here."""
    process = _popen(*_login(resources, desk, "--public"))
    httpx.get(desk.consent(_shown(process)), trust_env=False)
    process.communicate(timeout=60)
    done = _run("disconnect", "zendesk", "--org", resources.organization.slug)
    assert "its token is revoked" in done.stdout
    assert desk.revoked == ["access-2"]
    with pytest.raises(ConfigurationError, match="not connected"):
        StoredCredentials(resources).load()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--client-id"),
        (("--client-id", "x", "--public"), "--public goes with --browser"),
        (("--api-token",), "--api-token and --email go together"),
        (("--client-id", "x", "--email", "a@b.example"), "--api-token and --email go together"),
        (("--api-token", "--email", "a@b.example", "--browser"), "no OAuth client"),
        (("--api-token", "--email", "a@b.example", "--client-id", "x"), "no OAuth client"),
        (("--client-id", "x", "--base-url", "http://127.0.0.1"), "one of --subdomain"),
    ],
)
def test_options_that_do_not_go_together_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    """One line, before anything is read or asked."""
    monkeypatch.setenv("VENSOR_HOME", str(tmp_path))
    started = time.monotonic()
    done = _run("connect", "zendesk", "--org", "acme", "--subdomain", "acme", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert time.monotonic() - started < 30
