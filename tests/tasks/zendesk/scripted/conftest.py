"""A client of a scripted server, with a token that has no end."""

from collections.abc import Iterator

import httpx
import pytest

from tasks.zendesk import Credentials, ZendeskClient
from tasks.zendesk.oauth import TokenProvider
from tests.tasks.zendesk.scripted.server import Script, Store, served


@pytest.fixture
def store() -> Store:
    """A token that has no end, and no refresh token."""
    return Store(Credentials(client_id="id", client_secret="secret", access_token="first"))


@pytest.fixture
def script(store: Store) -> Iterator[Script]:
    with served(Script(store)) as found:
        yield found


@pytest.fixture
def waits() -> list[tuple[float, str]]:
    return []


@pytest.fixture
def client(script: Script, store: Store, waits: list) -> Iterator[ZendeskClient]:
    timeout = httpx.Timeout(0.5)
    with httpx.Client(base_url=script.url, timeout=timeout, trust_env=False) as http:
        provider = TokenProvider(http, store)
        yield ZendeskClient(http, provider, on_wait=lambda *told: waits.append(told))
