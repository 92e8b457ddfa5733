"""A server on a real socket that says word for word what it is told to."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tasks.zendesk import Credentials
from tests.serving import running


@dataclass
class Said:
    """One answer. A header that is empty is left out.

    `repeated` is how often the body comes, `drips_seconds` how long it waits after each.
    """

    body: object = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    hangs_up: bool = False
    repeated: int = 1
    stays_seconds: float = 0.0
    drips_seconds: float = 0.0

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Asked:
    """One request, with the token that was stored when it came."""

    method: str
    path: str
    query: dict[str, list[str]]
    authorization: str | None
    body: dict[str, str]
    stored: str | None
    headers: dict[str, str] = field(default_factory=dict)


class Store:
    """Credentials in memory; `breaks` is a disk that is full."""

    def __init__(self, credentials: Credentials) -> None:
        self.now = credentials
        self.breaks = False

    def load(self) -> Credentials:
        return self.now

    def save(self, credentials: Credentials) -> None:
        if self.breaks:
            raise OSError("no space left")
        self.now = credentials

    @contextmanager
    def renewing(self) -> Iterator[None]:
        yield


class Script:
    """A server on a real socket that gives its answers in order."""

    def __init__(self, store: Store | None = None) -> None:
        self.answers: list[Said] = []
        self.asked: list[Asked] = []
        self.store = store
        self.url = ""

    def take(self, asked: Asked) -> Said:
        self.asked.append(asked)
        return self.answers.pop(0)


def _handler(script: Script) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("content-length", 0))
            body = json.loads(self.rfile.read(length)) if length else {}
            stored = script.store.now.access_token if script.store else None
            token = self.headers.get("authorization")
            query = parse_qs(parts.query)
            headers = {name.lower(): value for name, value in self.headers.items()}
            said = script.take(Asked(self.command, parts.path, query, token, body, stored, headers))
            time.sleep(said.delay_seconds)
            self.send_response(said.status)
            for name, value in {"content-length": str(len(said.content)), **said.headers}.items():
                if value:
                    self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):
                for _ in range(said.repeated):
                    self.wfile.write(said.content)
                    time.sleep(said.drips_seconds)
            time.sleep(said.stays_seconds)
            self.close_connection = self.close_connection or said.hangs_up

        do_POST = do_DELETE = do_GET

        def log_message(self, *_: object) -> None:
            """Silence."""

    return Handler


@contextmanager
def served(script: Script) -> Iterator[Script]:
    with running(ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))) as address:
        script.url = f"http://{address}"
        yield script
