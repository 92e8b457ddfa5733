"""The sandbox's Zendesk, its faults, and an organization connected to it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext

import httpx
import msgspec
import pytest

from cli.connect import connect_zendesk
from cli.peers import Sandbox
from tasks.connections import StoredCredentials, find_connection
from tasks.resources import Resources
from tasks.zendesk import Credentials, ZendeskClient


class MemoryStore:
    """Credentials in memory, with every pair that was ever saved."""

    def __init__(self, credentials: Credentials) -> None:
        self.saved = [credentials]

    def load(self) -> Credentials:
        return self.saved[-1]

    def save(self, credentials: Credentials) -> None:
        self.saved.append(credentials)

    def held(self) -> AbstractContextManager[None]:
        return nullcontext()


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
