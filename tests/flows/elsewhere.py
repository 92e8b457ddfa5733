"""A proxy that lets nothing through, and keeps what was sent to it: the way to all other hosts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

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

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        found = Elsewhere(f"http://127.0.0.1:{server.server_address[1]}")
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()
