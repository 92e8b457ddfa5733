"""The way by browser: one answer, to this login, in time; and nothing shown that it holds."""

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tasks.errors import ConfigurationError, RefusedError, VensorError
from tasks.http import http_client
from tasks.zendesk import Credentials, ZendeskClient
from tasks.zendesk.oauth import NotStored, TokenProvider, authorize
from tasks.zendesk.oauth.loopback import Answer, Loopback
from tests.tasks.zendesk.oauth.account import Account

CANARY = "Wilhelmina"
PUBLIC = Credentials(client_id="vensor")
CONFIDENTIAL = Credentials(client_id="vensor", client_secret="the-secret")
Answers = Callable[[str], object]


class Browser:
    """Opens what it is shown in a thread, as a browser would; `answers` are what it got."""

    def __init__(self, visit: Callable[[str], list[httpx.Response]]) -> None:
        self._visit = visit
        self._threads: list[threading.Thread] = []
        self.shown: list[str] = []
        self.answers: list[httpx.Response] = []

    def open(self, url: str) -> None:
        self.shown.append(url)
        thread = threading.Thread(target=lambda: self.answers.extend(self._visit(url)))
        thread.start()
        self._threads.append(thread)

    def close(self) -> None:
        for thread in self._threads:
            thread.join()


def _get(url: str) -> httpx.Response:
    return httpx.get(url, trust_env=False)


def _asked(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@contextmanager
def _browser(visit: Callable[[str], list[httpx.Response]]) -> Iterator[Browser]:
    browser = Browser(visit)
    try:
        yield browser
    finally:
        browser.close()


def _answering(query: str) -> Callable[[str], list[httpx.Response]]:
    """A browser that comes back with `query`, in which {state} is the one it was given."""

    def visit(url: str) -> list[httpx.Response]:
        told = _asked(url)
        return [_get(f"{told['redirect_uri']}?{query.format(state=told['state'])}")]

    return visit


@pytest.mark.parametrize("credentials", [PUBLIC, CONFIDENTIAL], ids=["public", "confidential"])
def test_a_person_allows_it_and_the_code_becomes_a_pair(
    http: httpx.Client, desk: Account, credentials: Credentials
) -> None:
    """The account checks verifier against challenge; a public client sends no secret."""
    desk.secret = credentials.client_secret
    with _browser(lambda url: [_get(desk.consent(url))]) as browser:
        got = authorize(http, credentials, show=browser.open, port=0, wait_seconds=10)
    assert (got.access_token, got.refresh_token) == ("access-2", "refresh-2")
    assert (got.kind, got.client_secret) == ("authorization_code", credentials.client_secret)
    assert got.refresh_expires_at is not None
    assert ("client_secret" in desk.asked[0]) == (credentials is CONFIDENTIAL)
    (shown,) = browser.shown
    asked = _asked(shown)
    assert shown.startswith(f"{desk.url}/oauth/authorizations/new?")
    assert (asked["scope"], asked["client_id"]) == ("read hc:read", "vensor")
    assert desk.asked[0]["code_verifier"] not in shown
    assert len(desk.asked[0]["code_verifier"]) >= 43
    assert len(asked["state"]) >= 43


def test_each_login_has_a_state_and_a_verifier_of_its_own(
    http: httpx.Client, desk: Account
) -> None:
    """Neither can be guessed from another."""
    with _browser(lambda url: [_get(desk.consent(url))]) as browser:
        for _ in range(2):
            authorize(http, CONFIDENTIAL, show=browser.open, port=0, wait_seconds=10)
    assert len({_asked(url)["state"] for url in browser.shown}) == 2
    assert len({one["code_verifier"] for one in desk.asked}) == 2


def test_the_sandbox_gives_a_pair_that_works_and_rotates(account: dict[str, str]) -> None:
    """Its authorization page sends the browser back, as Zendesk's does after consent."""
    client = Credentials(client_id=account["client_id"], client_secret=account["client_secret"])

    def visit(url: str) -> list[httpx.Response]:
        return [httpx.get(url, follow_redirects=True, trust_env=False)]

    with http_client(account["base_url"]) as http, _browser(visit) as browser:
        got = authorize(http, client, show=browser.open, port=0, wait_seconds=10)
        store = NotStored(got)
        provider = TokenProvider(http, store)
        ZendeskClient(http, provider, on_wait=lambda *_: None).check()
        first = provider.authorization()
        assert provider.authorization(refused=first) != first
        provider.revoke()
    assert store.load().refresh_token != got.refresh_token


@pytest.mark.parametrize(
    ("query", "error", "said"),
    [
        ("code=stolen&state=another", RefusedError, "belongs to another login"),
        ("code=stolen", RefusedError, "belongs to another login"),
        ("code=stolen&state=", RefusedError, "belongs to another login"),
        ("code=stolen&state={state}&state={state}", RefusedError, "belongs to another login"),
        ("code=stolen&state=%C3%A9{state}", RefusedError, "belongs to another login"),
        ("error=access_denied&state={state}", RefusedError, "denied in the browser"),
        ("error=access_denied", RefusedError, "denied in the browser"),
        ("error=access_denied&state=another", RefusedError, "belongs to another login"),
        ("error=invalid_scope&state={state}", RefusedError, r"\(invalid_scope\)"),
        (f"error={CANARY}&state={{state}}", RefusedError, r"\(no code\)"),
        ("state={state}", RefusedError, r"\(no code\)"),
        ("code=never-given&state={state}", RefusedError, "lives for 120 seconds"),
    ],
)
def test_what_is_no_answer_to_this_login_is_refused_in_one_line(
    http: httpx.Client, desk: Account, query: str, error: type[VensorError], said: str
) -> None:
    """With what to do, and without a word of what came. The browser has its page all the same."""
    with (
        pytest.raises(error, match=said) as caught,
        _browser(_answering(query)) as browser,
    ):
        authorize(http, CONFIDENTIAL, show=browser.open, port=0, wait_seconds=10)
    assert "run the same command again" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not {"stolen", "never-given", CANARY} & set(str(caught.value).split())
    assert browser.answers[0].status_code == 200
    assert [one["code"] for one in desk.asked] == (["never-given"] if "120" in said else [])


def test_nobody_answers(http: httpx.Client) -> None:
    """It ends in time and names what a wrong setting in Zendesk would be."""
    started = time.monotonic()
    shown: list[str] = []
    with pytest.raises(ConfigurationError, match=r"within 0 seconds.*redirect URLs") as caught:
        authorize(http, PUBLIC, show=shown.append, port=0, wait_seconds=0.3)
    assert time.monotonic() - started < 5
    redirect_uri = _asked(shown[0])["redirect_uri"]
    assert redirect_uri in str(caught.value)
    with pytest.raises(httpx.ConnectError):
        _get(redirect_uri)


def test_a_second_answer_changes_nothing(http: httpx.Client, desk: Account) -> None:
    """It is told so; neither is what else a browser asks for an answer."""
    desk.delay_seconds = 1.0

    def visit(url: str) -> list[httpx.Response]:
        place = _asked(url)["redirect_uri"]
        first = [_get(place.replace("/callback", "/favicon.ico")), _get(desk.consent(url))]
        return [*first, _get(f"{place}?code=another&state=another")]

    with _browser(visit) as browser:
        authorize(http, CONFIDENTIAL, show=browser.open, port=0, wait_seconds=10)
    assert [one.status_code for one in browser.answers] == [404, 200, 410]
    assert len(desk.asked) == 1


def test_scopes_that_are_too_few_are_named(http: httpx.Client, desk: Account) -> None:
    """At once, not by 403s in the night."""
    desk.scope = "tickets:read"
    with (
        pytest.raises(RefusedError, match="lacks the scopes read hc:read"),
        _browser(lambda url: [_get(desk.consent(url))]) as browser,
    ):
        authorize(http, CONFIDENTIAL, show=browser.open, port=0, wait_seconds=10)


def test_a_port_that_is_taken_is_said_with_what_to_do(http: httpx.Client) -> None:
    """Before anything is shown."""
    shown: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"port {port} .*--redirect-port"):
            authorize(http, PUBLIC, show=shown.append, port=port, wait_seconds=1)
    assert shown == []


def test_the_page_holds_nothing_of_what_was_asked() -> None:
    """No value to leak into a history or a referrer, whatever is asked; and no version."""
    with Loopback.opened(0) as loopback:
        place = urlsplit(loopback.redirect_uri)
        pages = []
        for method, path in (
            ("POST", f"/callback?code={CANARY}"),
            (CANARY, "/"),
            ("GET", f"/{CANARY}"),
            ("GET", f"/callback?code={CANARY}&state={CANARY}"),
            ("GET", f"/callback?code={CANARY}"),
        ):
            connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=5)
            connection.request(method, path)
            answer = connection.getresponse()
            pages.append((answer.status, str(answer.headers) + answer.read().decode()))
            connection.close()
        told = loopback.wait(1)
    assert [status for status, _ in pages] == [501, 501, 404, 200, 410]
    for _, page in pages:
        assert CANARY not in page
        assert "Referrer-Policy: no-referrer" in page
        assert "Cache-Control: no-store" in page
        assert "default-src 'none'" in page
        assert "Python" not in page
        assert "<script" not in page
    assert told is not None
    assert told.code == CANARY
    assert CANARY not in repr(told) + repr(Answer(CANARY, CANARY, CANARY))


def test_only_this_machine_is_listened_to() -> None:
    """Not its network."""
    with Loopback.opened(0) as loopback:
        assert loopback._server.server_address[0] == "127.0.0.1"


def test_a_socket_that_says_nothing_blocks_no_other() -> None:
    """Browsers open some in advance."""
    with Loopback.opened(0) as loopback:
        place = urlsplit(loopback.redirect_uri)
        with socket.create_connection((str(place.hostname), place.port or 0)):
            assert _get(f"{loopback.redirect_uri}?code=c&state=s").status_code == 200
        assert loopback.wait(1) is not None
