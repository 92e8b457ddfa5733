"""An organization whose Zendesk is a scripted server, its recordings pending; stores of each kind.

`store` names where recordings are kept: in the warehouse, in a folder, or in an S3 on loopback.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import httpx
import msgspec
import pytest
import s3fs

from tasks.connections import store_connection
from tasks.resources import Resources, opened
from tasks.storage import Stores, open_stores
from tasks.zendesk import Credentials
from tasks.zendesk.contents import CommentContent
from tests.tasks.zendesk.scripted.server import Script, served
from warehouse.loading import Rows, merge
from warehouse.sessions import Organization
from warehouse.tables import zendesk

S3_KEYS = {"key": "key-of-the-tests", "secret": "secret-of-the-tests"}
Pending = Callable[..., int]


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """An S3 of this session on a real socket, in a process of its own: it keeps all in memory."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        _await(url)
        yield url
    finally:
        server.terminate()
        server.wait()


def _await(url: str) -> None:
    for _ in range(300):
        try:
            httpx.get(url, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the S3 of the tests did not start")


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The settings lead to a bucket of this test's own; its URL."""
    bucket = f"vensor-{uuid4().hex}"
    files = s3fs.S3FileSystem(endpoint_url=s3_server, skip_instance_cache=True, **S3_KEYS)
    files.mkdir(bucket)
    files.close_session(files.loop, files._s3)
    options = json.dumps({"endpoint_url": s3_server, **S3_KEYS})
    monkeypatch.setenv("VENSOR_RECORDINGS_URL", f"s3://{bucket}/recordings")
    monkeypatch.setenv("VENSOR_RECORDINGS_OPTIONS", options)
    return f"s3://{bucket}/recordings"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings lead to a folder of this test's own."""
    found = tmp_path / "kept"
    monkeypatch.setenv("VENSOR_RECORDINGS_URL", found.as_uri())
    return found


@pytest.fixture(params=["warehouse", "file", "s3"])
def store(request: pytest.FixtureRequest) -> str:
    """Each place that recordings may be kept in."""
    fixture = {"file": "folder", "s3": "s3"}.get(request.param)
    if fixture is not None:
        request.getfixturevalue(fixture)
    return str(request.param)


@pytest.fixture
def script() -> Iterator[Script]:
    """The account: it says what it is told to."""
    with served(Script()) as found:
        yield found


@pytest.fixture
def desk(
    settings_environment: None, organization: Organization, script: Script
) -> Iterator[Resources]:
    """The organization, connected to the scripted account. After `store` in a test's arguments."""
    with opened(organization.slug) as resources:
        secret = msgspec.json.encode(
            Credentials(client_id="id", client_secret="secret", access_token="first")
        )
        store_connection(
            resources,
            provider="zendesk",
            base_url=script.url,
            account="acme",
            client_id="id",
            secret=secret,
        )
        yield resources


@pytest.fixture
def stores(desk: Resources) -> Iterator[Stores]:
    with open_stores(desk.settings, desk.organization.org_id) as found:
        yield found


@pytest.fixture
def pending(desk: Resources, script: Script, as_of: datetime) -> Pending:
    """Loads a voice comment with a recording, as extraction does; its comment's id."""

    def load(call_id: int, kind: str = "call", *, at: datetime = as_of, **voice: object) -> int:
        comment, ticket = call_id * 10 + (kind == "voicemail"), call_id
        url = f"{script.url}/{call_id}/{kind}"
        told = {"call_id": call_id, "recording_url": url, "recording_type": kind, **voice}
        none = msgspec.Raw(b"null")
        content = CommentContent("a call", None, none, none, msgspec.Raw(json.dumps(told).encode()))
        column = "zendesk.comment_contents.sealed"
        sealed = desk.cipher.seal(
            msgspec.json.encode(content), column=column, row_id=str(comment), changed_at=at
        )
        rows = (
            Rows(zendesk.tickets, TICKET, [(ticket, "open", at, at, at)]),
            Rows(zendesk.comments, COMMENT, [(comment, ticket, "VoiceComment", call_id, at, at)]),
            Rows(zendesk.comment_contents, CONTENT, [(comment, ticket, sealed, at)]),
            Rows(zendesk.recordings, RECORDING, [(call_id, kind, ticket, comment, at)]),
        )
        with desk.session() as connection:
            for one in rows:
                merge(connection, desk.organization.org_id, one)
        return comment

    return load


TICKET = ("id", "status", "created_at", "updated_at", "changed_at")
COMMENT = ("id", "ticket_id", "kind", "call_id", "created_at", "changed_at")
CONTENT = ("comment_id", "ticket_id", "sealed", "changed_at")
RECORDING = ("call_id", "kind", "ticket_id", "comment_id", "changed_at")
