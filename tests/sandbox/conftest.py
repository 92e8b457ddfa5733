"""A real sandbox process on a free port, and clients that know its secrets."""

import json
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
READY_SECONDS = 20
PLENTY = ("account", "incremental", "talk_incremental", "deleted_records", "help_center")


@dataclass
class Sandbox:
    """A running ``python -m sandbox``."""

    folder: Path
    process: subprocess.Popen[str]
    told: dict[str, Any]
    clients: list[httpx.Client] = field(default_factory=list)

    @classmethod
    def start(cls, folder: Path, *options: str) -> "Sandbox":
        command = [sys.executable, "-m", "sandbox", "--state", str(folder), *options]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(command, cwd=ROOT, text=True, **pipes)
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], READY_SECONDS)[0], "not ready in time"
        line = process.stdout.readline()
        if not line.startswith("sandbox ready"):
            raise AssertionError(process.communicate()[1])
        return cls(folder, process, json.loads((folder / "sandbox.json").read_text()))

    def stop(self) -> int:
        """Ends the process with SIGTERM; its exit status."""
        for client in self.clients:
            client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=10)
        return self.process.returncode

    def client(self, base_url: str, token: str | None = None) -> httpx.Client:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        client = httpx.Client(base_url=base_url, headers=headers, timeout=20)
        self.clients.append(client)
        return client

    def token(self, account: str = "acme", **more: Any) -> dict[str, Any]:
        """The answer of the token endpoint for client credentials."""
        zendesk = self.told["zendesk"][account]
        told = {name: zendesk[name] for name in ("client_id", "client_secret")}
        told |= {"grant_type": "client_credentials", "scope": "read write"} | more
        return httpx.post(f"{zendesk['base_url']}/oauth/tokens", json=told).json()

    def zendesk(self, account: str = "acme", **more: Any) -> httpx.Client:
        """A client of an account's API, below ``/api/v2/``."""
        base_url = self.told["zendesk"][account]["base_url"]
        return self.client(f"{base_url}/api/v2/", self.token(account, **more)["access_token"])

    def control(self) -> httpx.Client:
        """A client of the control API."""
        return self.client(self.told["control_url"], self.told["control_token"])


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Two small accounts with limits that no test reaches."""
    limits = [f"--limit={name}=100000" for name in (*PLENTY, "slack", "openai")]
    running = Sandbox.start(tmp_path_factory.mktemp("sandbox") / "state", *limits)
    yield running
    assert running.stop() == 0


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Sandbox]]:
    """Starts a sandbox of the test's own; all are stopped at its end."""
    running: list[Sandbox] = []

    def begin(*options: str, folder: Path | None = None) -> Sandbox:
        running.append(Sandbox.start(folder or tmp_path / "state", *options))
        return running[-1]

    yield begin
    for one in running:
        one.stop()


@pytest.fixture(scope="session")
def acme(sandbox: Sandbox) -> httpx.Client:
    """acme's API."""
    return sandbox.zendesk()


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """The control API; what is queued or logged is gone after the test."""
    client = sandbox.control()
    client.delete("/requests")
    yield client
    client.delete("/faults")


Pages = Callable[[httpx.Client, str, str], list[dict[str, Any]]]


@pytest.fixture(scope="session")
def pages() -> Pages:
    """All pages of an export: by ``after_url`` or ``next_page``, until ``end_of_stream``."""

    def fetch(client: httpx.Client, path: str, following: str) -> list[dict[str, Any]]:
        told, url = [], path
        while True:
            answer = client.get(url)
            assert answer.status_code == 200, answer.text
            told.append(answer.json())
            if told[-1]["end_of_stream"]:
                return told
            url = told[-1][following]

    return fetch


@pytest.fixture(scope="session")
def tickets(acme: httpx.Client, pages: Pages) -> dict[int, dict[str, Any]]:
    """All tickets of acme by id, the bot's and the deleted ones too."""
    path = "incremental/tickets/cursor.json?start_time=0&include=metric_sets&support_type_scope=all"
    told = pages(acme, path, "after_url")
    return {one["id"]: one for page in told for one in page["tickets"]}


@pytest.fixture(scope="session")
def events(acme: httpx.Client, pages: Pages) -> dict[int, list[dict[str, Any]]]:
    """The ticket events of acme, each once, in the order of time, by ticket."""
    path = (
        "incremental/ticket_events.json?start_time=0&include=comment_events&support_type_scope=all"
    )
    found = {
        one["id"]: one for page in pages(acme, path, "next_page") for one in page["ticket_events"]
    }
    told: dict[int, list[dict[str, Any]]] = {}
    for one in sorted(found.values(), key=lambda event: event["id"]):
        told.setdefault(one["ticket_id"], []).append(one)
    return told


@pytest.fixture(scope="session")
def labels(sandbox: Sandbox) -> dict[int, dict[str, Any]]:
    """The truth about acme's tickets by id."""
    lines = sandbox.control().get("/labels/acme").text.splitlines()
    return {one["ticket_id"]: one for one in map(json.loads, lines)}
