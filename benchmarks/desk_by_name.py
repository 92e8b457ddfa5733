"""A desk that is known as https://<subdomain>.zendesk.com, for a program that knows no other name.

An HTTPS server on loopback, with a certificate of its own, hands requests on to the sandbox and
rewrites the addresses in what comes back. A Python program finds it by the environment: that says
what to trust, and, in a `sitecustomize`, where the name leads. The program itself is as published.
"""

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import trustme

LEADS = """
import socket
asked = socket.getaddrinfo
def getaddrinfo(host, port, *more, **named):
    if host in ({name!r}, {name!r}.encode()):
        host, port = "127.0.0.1", {port}
    return asked(host, port, *more, **named)
socket.getaddrinfo = getaddrinfo
"""
DROPPED = {
    "content-length",
    "transfer-encoding",
    "connection",
    "content-encoding",
    "date",
    "server",
}


@contextmanager
def serving(base_url: str, folder: Path, *, name: str) -> Iterator[Mapping[str, str]]:
    """The environment in which a program finds the desk, while the server runs."""
    authority = trustme.CA()
    told = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(told)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    with httpx.Client(timeout=120) as client:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(client, base_url, name))
        server.socket = told.wrap_socket(server.socket, server_side=True)
        server.daemon_threads = True
        leads = LEADS.format(name=name, port=server.server_port)
        (folder / "sitecustomize.py").write_text(leads)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            trusted = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), f"{folder}/ca.pem")
            yield {**trusted, "PYTHONPATH": str(folder)}
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _handler(client: httpx.Client, base_url: str, known_as: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers = {"authorization": self.headers.get("authorization", "")}
            try:
                answer = client.get(f"{base_url}{self.path}", headers=headers)
            except httpx.RemoteProtocolError:
                self.close_connection = True  # as it was cut off there
                return
            body = answer.content.replace(base_url.encode(), f"https://{known_as}".encode())
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name not in DROPPED:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silence."""

    return Handler
