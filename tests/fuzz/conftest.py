"""Real records of every kind from the sandbox, and an account that says what it is told to."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from cli.peers import Sandbox
from tasks.zendesk import STREAMS, Credentials, ZendeskClient
from tasks.zendesk.client import Params
from tasks.zendesk.oauth import TokenProvider
from tasks.zendesk.streams import KINDS
from tests.tasks.zendesk.scripted.server import Asked, Said, Script, Store, served

RECORDS = 12
Records = dict[str, list[dict[str, Any]]]


class Recording(ZendeskClient):
    """Keeps the records of what it is answered, some of each kind."""

    found: Records

    def get(self, path: str, params: Params) -> bytes:
        body = super().get(path, params)
        for kind, records in msgspec.json.decode(body).items():
            if kind in KINDS and isinstance(records, list):
                kept = self.found.setdefault(kind, [])
                kept += records[: RECORDS - len(kept)]
        return body


@pytest.fixture(scope="session")
def records(sandbox: Sandbox) -> Records:
    """Records of each kind that a page can hold, as the sandbox's accounts have them."""
    found: Records = {}
    _refuse(sandbox, "globex", ["csat"])  # it has surveys in place of ratings
    for account, names in (("acme", set(STREAMS) - {"survey_responses"}), ("globex", ["users"])):
        told = sandbox.zendesk[account]
        store = Store(Credentials(told["client_id"], told["client_secret"]))
        with Recording.opened(told["base_url"], store) as client:
            client.found = found
            _read(client, names)
            if account == "globex":
                client.get("/api/v2/guide/survey_responses", {})
    _refuse(sandbox, "globex", [])
    assert found.keys() >= KINDS.keys(), KINDS.keys() - found.keys()
    return found


def _read(client: Recording, names: Any) -> None:
    now = datetime.now(UTC)
    for name in names:
        stream = STREAMS[name].export or STREAMS[name].listed
        assert stream is not None
        for _ in stream.iter_pages(client, None, now - timedelta(days=20), now):
            pass
    ticket = client.found.get("tickets", [{"id": 0}])[0]["id"]
    if ticket:
        client.get(f"/api/v2/tickets/{ticket}/audits", {})


def _refuse(sandbox: Sandbox, account: str, what: list[str]) -> None:
    headers = {"Authorization": f"Bearer {sandbox.control_token}"}
    with httpx.Client(base_url=sandbox.control_url, headers=headers, timeout=10) as control:
        assert control.post("/refusals", json={"account": account, "what": what}).is_success


class Account(Script):
    """An account with one page of one kind, each way of paging at its end."""

    def __init__(self) -> None:
        super().__init__()
        self.kind, self.page, self.end = "", b"{}", 0

    def tell(self, kind: str, records: list[bytes], end: int) -> None:
        """`records` as they stand in the page's text; `end` is its cursor, in epoch seconds."""
        told = b'{"after_cursor": "next", "end_of_stream": true, "end_time": %d, "%s": [%s]}'
        self.page, self.end = told % (end, kind.encode(), b", ".join(records)), end
        self.kind = kind

    def take(self, asked: Asked) -> Said:
        if asked.path.endswith("/count"):
            return Said({"count": {"value": 1}})
        if asked.path.endswith("/holidays") and self.kind != "holidays":
            return Said({"holidays": []})
        if asked.path.endswith("/schedules") and self.kind == "holidays":
            return Said({"schedules": [{"id": 1, "updated_at": "2026-01-01T00:00:00Z"}]})
        if asked.query.get("start_time") == [str(self.end)]:
            return Said({"end_time": self.end})
        return Said(self.page)


@pytest.fixture(scope="session")
def account() -> Iterator[Account]:
    with served(Account()) as found:
        yield found


@contextmanager
def asking(account: Account) -> Iterator[ZendeskClient]:
    """A client of the account, with a token that has no end."""
    store = Store(Credentials(client_id="id", client_secret="secret", access_token="first"))
    with httpx.Client(base_url=account.url, trust_env=False) as http:
        yield ZendeskClient(http, TokenProvider(http, store), on_wait=lambda *_: None)
