"""The sandbox's Zendesk, its faults, and an organization connected to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from urllib.parse import parse_qsl, urlsplit

import httpx
import msgspec
import pytest

from cli.connect import connect_zendesk
from cli.peers import Sandbox
from tasks.connections import StoredCredentials, find_connection
from tasks.http import http_client
from tasks.resources import Resources
from tasks.zendesk import Credentials, ZendeskClient
from tasks.zendesk.consent import Consent
from tasks.zendesk.oauth import redeem_code


class MemoryStore:
    """Credentials in memory, with every pair that was ever saved."""

    def __init__(self, credentials: Credentials) -> None:
        self.saved = [credentials]

    def load(self) -> Credentials:
        return self.saved[-1]

    def save(self, credentials: Credentials) -> None:
        self.saved.append(credentials)

    @contextmanager
    def renewing(self) -> Iterator[None]:
        yield


@pytest.fixture
def account(sandbox: Sandbox) -> dict[str, str]:
    """The base URL and OAuth client of the sandbox's acme."""
    return sandbox.zendesk["acme"]


@pytest.fixture
def store(account: dict[str, str]) -> MemoryStore:
    return MemoryStore(
        Credentials(client_id=account["client_id"], client_secret=account["client_secret"])
    )


@pytest.fixture
def client(account: dict[str, str], store: MemoryStore) -> Iterator[ZendeskClient]:
    with ZendeskClient.opened(account["base_url"], store) as opened:
        yield opened


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """The sandbox's control; its faults are taken back at the end."""
    headers = {"Authorization": f"Bearer {sandbox.control_token}"}
    with httpx.Client(base_url=sandbox.control_url, headers=headers, timeout=10) as opened:
        yield opened
        opened.delete("/faults")


@pytest.fixture
def fault(control: httpx.Client) -> Callable[..., None]:
    """Scripts a fault for the next matching requests."""

    def script(path: str, kind: str, **more: object) -> None:
        told = {"path": path, "kind": kind, "account": "acme", "times": 1, **more}
        assert control.post("/faults", json=told).is_success

    return script


@pytest.fixture
def allowed(account: dict[str, str]) -> Callable[..., Credentials]:
    """See `consented`."""
    return partial(consented, account)


def consented(account: dict[str, str], *, public: bool = False) -> Credentials:
    """The credentials that consent in the browser brings; `public` for the client with no secret.

    The browser is this function: it asks for the page, allows, and reads where it is sent back.
    """
    secret = "" if public else account["client_secret"]
    name = account["public_client_id"] if public else account["client_id"]
    consent = Consent.begun("http://127.0.0.1:8721/callback")
    page = httpx.get(consent.url(account["base_url"], name))
    told = dict(parse_qsl(urlsplit(page.headers["location"]).query))
    client = Credentials(name, secret, kind="authorization_code")
    with http_client(account["base_url"]) as http:
        now = datetime.now(UTC)
        return redeem_code(http, client, consent, consent.code(told), now=now)


@pytest.fixture
def connected(resources: Resources, account: dict[str, str]) -> Resources:
    """An organization connected to the sandbox's acme."""
    connect_zendesk(
        resources,
        base_url=account["base_url"],
        client_id=account["client_id"],
        secret=account["client_secret"],
    )
    stored = StoredCredentials(resources).load()
    assert stored.access_token
    sealed = find_connection(resources, "zendesk").credentials
    assert account["client_secret"].encode() not in sealed
    assert msgspec.json.encode(stored) not in sealed
    return resources
