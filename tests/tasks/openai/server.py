"""A server on a real socket that answers as a test's own function says."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock


@dataclass
class Asked:
    """One request."""

    path: str
    body: bytes
    headers: dict[str, str]
    at: float = field(default_factory=time.monotonic)

    @property
    def told(self) -> dict:
        return json.loads(self.body)


@dataclass
class Said:
    """One answer."""

    body: object = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def refused(status: int, code: str | None = None, message: str = "No.", **headers: str) -> Said:
    """A refusal in OpenAI's form."""
    told = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Said({"error": told}, status, named)


class Server:
    """What was asked, and how many requests were there at once at most."""

    def __init__(self, answer: Callable[[Asked], Said]) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self._now = 0
        self._lock = Lock()
        self.url = ""

    def take(self, asked: Asked) -> Said:
        with self._lock:
            self.asked.append(asked)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            said = self.answer(asked)
            time.sleep(said.delay_seconds)
            return said
        finally:
            with self._lock:
                self._now -= 1


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            said = server.take(Asked(self.path, body, headers))
            with suppress(ConnectionError):
                self.send_response(said.status)
                told = {"content-type": "application/json", "content-length": len(said.content)}
                for name, value in (told | said.headers).items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(said.content)

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            """Silence."""

    return Handler


@contextmanager
def served(answer: Callable[[Asked], Said]) -> Iterator[Server]:
    """A server that gives `answer` to each request."""
    server = Server(answer)
    listening = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    listening.daemon_threads = True
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{listening.server_port}/v1"
    try:
        yield server
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()
