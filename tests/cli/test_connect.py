"""`vensor connect zendesk` as its users run it, with a browser that these tests play."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing

import httpx
import pytest

from cli.browser import CONNECTION_SECONDS
from cli.peers import Sandbox
from tasks.connections import StoredCredentials, find_connection
from tasks.errors import ConfigurationError
from tasks.resources import Resources
from tasks.zendesk import ZendeskClient

SECONDS = 30
VENSOR = (sys.executable, "-c", "from cli.main import main; main()")
Vensor = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def account(sandbox: Sandbox) -> dict[str, str]:
    return sandbox.zendesk["acme"]


@pytest.fixture
def port() -> int:
    """A port that is free now."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        return int(free.getsockname()[1])


@pytest.fixture
def vensor(resources: Resources) -> Iterator[Vensor]:
    """Starts `vensor … --org` of the test's organization, with this on its stdin."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str, stdin: str = "") -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*VENSOR, *arguments, "--org", resources.organization.slug],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdin is not None
        process.stdin.write(stdin)
        process.stdin.close()
        process.stdin = None
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def _told(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=SECONDS)
    return process.returncode, out, err


def _address(process: "subprocess.Popen[str]") -> str:
    """The address that the terminal shows, which comes whole on a line of its own."""
    assert process.stderr is not None
    for line in iter(process.stderr.readline, ""):
        if line.startswith("http"):
            return line.strip()
    pytest.fail("it ended without an address")


@pytest.fixture
def browse(vensor: Vensor, account: dict[str, str], port: int) -> Vensor:
    """Starts `vensor connect zendesk --browser` with these options."""

    def start(*more: str, stdin: str = "") -> "subprocess.Popen[str]":
        where = ("--base-url", account["base_url"], "--redirect-port", str(port))
        return vensor("connect", "zendesk", "--browser", *where, *more, stdin=stdin)

    return start


@pytest.mark.parametrize("public", [True, False])
def test_consent_in_the_browser_connects(
    browse: Vensor, account: dict[str, str], resources: Resources, port: int, public: bool
) -> None:
    """A public client without a secret, a confidential one with it; both refresh from then on.

    What the browser sees holds none of what it brought, and sends no referrer.
    """
    if public:
        process = browse("--public", "--client-id", account["public_client_id"])
    else:
        process = browse("--client-id", account["client_id"], stdin=account["client_secret"])
    address = _address(process)
    assert f"redirect_uri=http%3A%2F%2F127.0.0.1%3A{port}%2Fcallback" in address
    page = httpx.get(address, follow_redirects=True)
    assert page.status_code == 200
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    told = dict(page.url.params)
    assert told["code"] not in page.text
    assert told["state"] not in page.text
    status, out, err = _told(process)
    assert status == 0, err
    stored = StoredCredentials(resources).load()
    assert stored.kind == "authorization_code"
    assert find_connection(resources, "zendesk").scopes == "read hc:read"
    for secret in (stored.access_token, stored.refresh_token, told["code"], stored.client_secret):
        assert not secret or secret not in out + err


def test_write_is_asked_for_where_it_is_wished_for(
    vensor: Vensor, browse: Vensor, account: dict[str, str], resources: Resources
) -> None:
    """By the client alone or in the browser, and by each renewal from then on."""
    ways = ("--base-url", account["base_url"], "--client-id", account["client_id"], "--write")
    done = _told(vensor("connect", "zendesk", *ways, stdin=account["client_secret"]))
    assert done[0] == 0, done[2]
    assert find_connection(resources, "zendesk").scopes == "read hc:read write"
    store = StoredCredentials(resources)
    with ZendeskClient.opened(account["base_url"], store) as client:
        client.authorization(refused=client.authorization())
    assert store.load().scopes == "read hc:read write"
    process = browse("--public", "--client-id", account["public_client_id"], "--write")
    httpx.get(_address(process), follow_redirects=True)
    assert _told(process)[0] == 0
    assert find_connection(resources, "zendesk").scopes == "read hc:read write"


def test_other_requests_do_not_end_the_wait(
    browse: Vensor, account: dict[str, str], port: int
) -> None:
    """A favicon, a connection that is never used, another host's name, half a request."""
    process = browse("--public", "--client-id", account["public_client_id"])
    address = _address(process)
    root = f"http://127.0.0.1:{port}"
    idle = socket.create_connection(("127.0.0.1", port))
    with closing(idle):
        assert httpx.get(f"{root}/favicon.ico").status_code == 404
        rebound = httpx.get(f"{root}/callback?code=x", headers={"host": "evil.example"})
        assert rebound.status_code == 404
        assert httpx.post(f"{root}/callback").status_code == 501
        assert httpx.get(address, follow_redirects=True).elapsed.seconds < CONNECTION_SECONDS
    assert _told(process)[0] == 0


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("error=access_denied&state={state}", "the access was denied in the browser"),
        ("code=Wilhelmina&state=Wilhelmina", "another request's state"),
        ("code=Wilhelmina&state={state}", "Zendesk refused the code"),
    ],
)
def test_what_the_browser_brings_may_be_no_good(
    browse: Vensor, account: dict[str, str], resources: Resources, port: int, query: str, said: str
) -> None:
    """One clear line, without what it brought; nothing is stored."""
    process = browse("--public", "--client-id", account["public_client_id"])
    state = httpx.URL(_address(process)).params["state"]
    httpx.get(f"http://127.0.0.1:{port}/callback?{query.format(state=state)}")
    status, _, err = _told(process)
    assert status == 1
    assert len(err.strip().splitlines()) == 1, err
    assert said in err
    assert "run the same command again" in err
    assert "Wilhelmina" not in err
    with pytest.raises(ConfigurationError, match="not connected"):
        StoredCredentials(resources).load()


def test_a_browser_that_never_comes_back(browse: Vensor, account: dict[str, str]) -> None:
    """The wait ends when it is told to, and says what may be wrong."""
    process = browse("--public", "--client-id", account["public_client_id"], "--wait-seconds", "1")
    _address(process)
    status, _, err = _told(process)
    assert status == 1
    assert "did not come back within 1 seconds" in err
    assert "redirect URLs" in err


def test_a_port_that_is_taken(browse: Vensor, account: dict[str, str], port: int) -> None:
    """It says which, and how to take another."""
    with closing(socket.create_server(("127.0.0.1", port))):
        status, _, err = _told(browse("--public", "--client-id", account["public_client_id"]))
    assert status == 1
    assert re.fullmatch(rf"vensor: port {port} .*--redirect-port N.*", err.strip()), err


def test_ctrl_c_ends_the_wait(browse: Vensor, account: dict[str, str]) -> None:
    """With the status that shells expect, one line, and no traceback."""
    process = browse("--public", "--client-id", account["public_client_id"])
    _address(process)
    process.send_signal(signal.SIGINT)
    status, _, err = _told(process)
    assert status == 130
    assert err.strip() == "vensor: stopped; the same command goes on from here"


def test_an_api_token_connects_with_a_warning_and_is_not_revoked(
    vensor: Vensor, account: dict[str, str], resources: Resources
) -> None:
    """It says when they end; disconnecting says who can delete it."""
    options = ("--base-url", account["base_url"], "--email", account["api_email"])
    connecting = vensor("connect", "zendesk", "--api-token", *options, stdin=account["api_token"])
    status, out, err = _told(connecting)
    assert status == 0, err
    assert "all stop on 2027-04-30" in err
    assert account["api_token"] not in out + err
    assert StoredCredentials(resources).load().kind == "api_token"
    status, out, err = _told(vensor("disconnect", "zendesk"))
    assert status == 0, err
    assert "delete its API token in Zendesk's Admin Center" in out
    auth = httpx.BasicAuth(f"{account['api_email']}/token", account["api_token"])
    answer = httpx.get(f"{account['base_url']}/api/v2/tickets/count.json", auth=auth)
    assert answer.status_code == 200


def test_what_does_not_work_replaces_nothing(
    vensor: Vensor, account: dict[str, str], resources: Resources
) -> None:
    """An earlier connection stays, and its token with it."""
    options = ("connect", "zendesk", "--base-url", account["base_url"])
    client = ("--client-id", account["client_id"])
    assert _told(vensor(*options, *client, stdin=account["client_secret"]))[0] == 0
    before = StoredCredentials(resources).load()
    status, _, err = _told(vensor(*options, *client, stdin="Wilhelmina"))
    assert status == 1
    assert "refused the OAuth client (invalid_client)" in err
    assert "Wilhelmina" not in err
    email = ("--api-token", "--email", account["api_email"])
    status, _, err = _told(vensor(*options, *email, stdin="Wilhelmina"))
    assert status == 1
    assert "refused the API token" in err
    assert account["api_email"] not in err
    assert StoredCredentials(resources).load() == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "give the --client-id"),
        (("--client-id", "x", "--public"), "--public goes with --browser"),
        (("--client-id", "x", "--email", "a@b"), "--email goes with --api-token"),
        (("--api-token",), "needs the --email"),
        (("--api-token", "--email", "a:x@b"), "needs the --email"),
        (("--api-token", "--email", "a@b", "--client-id", "x"), "--api-token goes with"),
        (("--client-id", "x", "--base-url", "https://x"), "one of --subdomain and --base-url"),
        (("--client-id", "x", "--redirect-port", "0"), "greater than or equal to 1"),
    ],
)
def test_options_that_do_not_go_together(
    vensor: Vensor, options: tuple[str, ...], said: str
) -> None:
    """Status 2 and one line, before anything is read or asked."""
    status, _, err = _told(vensor("connect", "zendesk", "--subdomain", "acme", *options))
    assert status == 2
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_a_subdomain_leads_to_zendesk_alone(vensor: Vensor) -> None:
    """What would send the secret elsewhere is refused."""
    told = vensor("connect", "zendesk", "--client-id", "x", "--subdomain", "evil.example/")
    assert _told(told)[0] == 2
