"""An administrator's consent in the browser, which comes back to a server of this one request.

Source: RFC 8252, section 7.3 (loopback redirects).
"""

import sys
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from urllib.parse import parse_qsl, urlsplit

import typer

from tasks.errors import ConfigurationError

HOST = "127.0.0.1"
PATH = "/callback"
PORT = 8721
CONNECTION_SECONDS = 5
PAGE = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>vensor</title>
<p>This page has done its work: close it and go on in the terminal.</p></html>
"""
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Length": str(len(PAGE)),
    "Content-Security-Policy": "default-src 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Connection": "close",
}


class Callback(ThreadingHTTPServer):
    """The server. Each connection has a thread: browsers open some that they never use."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int) -> None:
        self.came: SimpleQueue[dict[str, str]] = SimpleQueue()
        super().__init__((HOST, port), _Handler)

    @property
    def redirect_uri(self) -> str:
        """The URL to register with the OAuth client, to the letter."""
        return f"http://{HOST}:{self.server_port}{PATH}"

    def wait(self, seconds: float) -> dict[str, str]:
        """The query with which the browser came back.

        Raises: ConfigurationError when it has not within `seconds`.
        """
        deadline = time.monotonic() + seconds
        while self.came.empty():
            left = deadline - time.monotonic()
            if left <= 0:
                raise ConfigurationError(
                    f"the browser did not come back within {seconds:g} seconds; run the same"
                    f" command again, with {self.redirect_uri} among the client's redirect URLs"
                )
            self.timeout = min(left, 0.2)  # the answer itself comes from another thread
            self.handle_request()
        return self.came.get()

    def handle_error(self, request: object, client_address: object) -> None:
        """Silence: what a stranger's broken request raises would show what it sent."""


class _Handler(BaseHTTPRequestHandler):
    timeout = CONNECTION_SECONDS
    server: Callback

    def do_GET(self) -> None:
        """Takes the one request that is meant, from a browser that means this server."""
        parts = urlsplit(self.path)
        meant = self.headers.get("host") == f"{HOST}:{self.server.server_port}"
        if parts.path != PATH or not meant:
            self.send_response_only(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response_only(200)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(PAGE)
        self.server.came.put(dict(parse_qsl(parts.query)))

    def log_message(self, *_: object) -> None:
        """Silence: the request line holds the code."""


@contextmanager
def listening(port: int) -> Iterator[Callback]:
    """The server, on 127.0.0.1 alone. Raises: ConfigurationError when the port is taken."""
    try:
        server = Callback(port)
    except OSError:
        raise ConfigurationError(
            f"port {port} on {HOST} cannot be had: end what uses it, or give --redirect-port N and"
            f" register http://{HOST}:N{PATH} with the OAuth client"
        ) from None
    with server:
        yield server


def show(url: str) -> None:
    """Prints the address, whole and on one line, and opens it where a person sits."""
    typer.echo(f"Allow the access in the browser, as an administrator:\n{url}", err=True)
    if not sys.stderr.isatty():
        return
    try:
        browser = webbrowser.get()
        # a plain GenericBrowser runs in this terminal, and would hold it
        if type(browser) is not webbrowser.GenericBrowser:
            browser.open(url)
    except webbrowser.Error:
        return  # the address is on the screen
