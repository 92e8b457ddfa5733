"""The address on this machine to which the browser comes back, once.

Source: RFC 8252, "OAuth 2.0 for Native Apps", section 7.3 (loopback redirects).
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

from tasks.errors import ConfigurationError

HOST = "127.0.0.1"
CALLBACK = "/callback"
PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>vensor</title><p>{}</p></html>\n'
)
SENTENCES = {
    200: "vensor has Zendesk's answer. Close this window: the terminal says the rest.",
    410: "vensor had its answer before. Close this window: the terminal says the rest.",
}
NOTHING_HERE = "There is nothing here."
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}


@dataclass(frozen=True)
class Answer:
    """The query with which the browser came back; `repr` hides it."""

    code: str | None = field(repr=False)
    error: str | None = field(repr=False)
    state: str | None = field(repr=False)


class _Server(ThreadingHTTPServer):
    """Takes the first answer and no other. A socket that says nothing blocks no other."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__((HOST, port), _Handler)
        self.answer: Answer | None = None
        self.answered = threading.Event()
        self._first = threading.Lock()

    def take(self, answer: Answer) -> bool:
        """Whether this is the first."""
        with self._first:
            first = self.answer is None
            self.answer = self.answer or answer
        return first

    def handle_error(self, request: object, client_address: object) -> None:
        """Silence: a browser that hangs up is no event."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10.0
    server_version = "vensor"
    sys_version = ""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path != CALLBACK:
            return self._say(404)
        told = parse_qs(parts.query)
        answer = Answer(*(_only(told, name) for name in ("code", "error", "state")))
        if not self.server.take(answer):
            return self._say(410)
        self._say(200)
        self.server.answered.set()  # once the browser has its page: the server ends after this
        return None

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """The inherited page repeats what it was sent."""
        self._say(code)

    def log_message(self, format: str, *args: object) -> None:
        """Silence: a request line holds the code."""

    def _say(self, status: int) -> None:
        page = PAGE.format(SENTENCES.get(status, NOTHING_HERE)).encode()
        self.send_response(status)
        for name, value in (HEADERS | {"Content-Length": str(len(page))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(page)


class Loopback:
    """A server for one answer of a browser."""

    def __init__(self, server: _Server) -> None:
        self._server = server

    @classmethod
    @contextmanager
    def opened(cls, port: int) -> Iterator[Self]:
        """Listens on `port` of 127.0.0.1, or on a free one for 0, until the end.

        Raises: ConfigurationError for a port that another process has.
        """
        try:
            server = _Server(port)
        except OSError:
            raise ConfigurationError(
                f"port {port} of {HOST} is taken; end what listens there, or give another with"
                f" --redirect-port N and add http://{HOST}:N{CALLBACK} to the client's redirect"
                " URLs in Zendesk"
            ) from None
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield cls(server)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    @property
    def redirect_uri(self) -> str:
        """The address as it must be registered in Zendesk."""
        return f"http://{HOST}:{self._server.server_port}{CALLBACK}"

    def wait(self, seconds: float) -> Answer | None:
        """The first answer; None if none comes in time."""
        return self._server.answer if self._server.answered.wait(seconds) else None


def _only(told: dict[str, list[str]], name: str) -> str | None:
    """A parameter's value; None where it is missing or there twice."""
    values = told.get(name, [])
    return values[0] if len(values) == 1 else None
