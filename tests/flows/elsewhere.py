"""A proxy that lets nothing through, and keeps what was sent to it: the way to all other hosts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer

from tests.serving import running

MOST_BYTES = 65_536
SILENCE_SECONDS = 1.0


@dataclass
class Elsewhere:
    """What was sent to anyone who is not on this machine. `url` is the proxy's own."""

    url: str
    received: list[bytes] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """Sends there whoever asks for a host that is not this machine."""
        names = ("http_proxy", "https_proxy", "all_proxy")
        told = {name: self.url for one in names for name in (one, one.upper())}
        return told | {"no_proxy": "127.0.0.1,localhost", "NO_PROXY": "127.0.0.1,localhost"}


@contextmanager
def watching() -> Iterator[Elsewhere]:
    """The proxy, while it runs."""

    class Handler(StreamRequestHandler):
        timeout = SILENCE_SECONDS

        def handle(self) -> None:
            found.received.append(self.connection.recv(MOST_BYTES))
            self.wfile.write(b"HTTP/1.1 502 Nobody\r\nContent-Length: 0\r\n\r\n")

    with running(ThreadingTCPServer(("127.0.0.1", 0), Handler)) as address:
        found = Elsewhere(f"http://{address}")
        yield found


@dataclass
class ErrorServer:
    """What was sent to a server that speaks as Sentry's does. `dsn` leads there."""

    url: str
    received: list[bytes] = field(default_factory=list)

    @property
    def dsn(self) -> str:
        return self.url.replace("http://", "http://publickey@") + "/1"


@contextmanager
def collecting_errors() -> Iterator[ErrorServer]:
    """The server, while it runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            found.received.extend((str(self.headers).encode(), body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_args: object) -> None:
            """Says nothing."""

    with running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as address:
        found = ErrorServer(f"http://{address}")
        yield found
