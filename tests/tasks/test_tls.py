"""What leaves this machine goes over TLS 1.2 or newer to whom it is meant for, or not at all."""

import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme
from sqlalchemy import URL, text
from sqlalchemy.exc import OperationalError

from tasks.errors import ConfigurationError, TransientError
from tasks.escalation.slack import SlackChannel
from tasks.http import http_client, no_answer, tls_context
from tasks.openai import Call, openai_service
from tasks.settings import Settings, load_settings
from tests.serving import running
from warehouse.sessions import Logins, engine_for

AUTHORITY = trustme.CA()
HOST = "warehouse.example"
SSL_REQUEST = bytes((0, 0, 0, 8, 4, 210, 22, 47))


def _serving(name: str, newest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """What a server for `name` speaks; at most `newest`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(name).configure_cert(context)
    if newest is not None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that it is old is the point
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.maximum_version = newest
    return context


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _https(context: ssl.SSLContext) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with running(server):
        yield f"https://localhost:{server.server_port}"


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authority is one that this machine trusts."""
    AUTHORITY.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))


def _get(url: str) -> int:
    with http_client(url) as http:
        try:
            return http.get("/").status_code
        except Exception as error:
            raise no_answer("the far side", error) from None


def _slack(url: str) -> int:
    SlackChannel(base_url=url, token="xoxb-none", channel="C1").check()
    return 0


def _model(url: str) -> int:
    with openai_service(Settings(openai_api_key="sk-none", openai_base_url=url)) as service:
        service.call(Call("analyse", "m", (), 1, 1), lambda client: client.models.list())
    return 0


def test_a_certificate_of_a_trusted_authority_is_accepted(trusted: None) -> None:
    """A company's own authority is named by SSL_CERT_FILE."""
    with _https(_serving("localhost")) as url:
        assert _get(url) == 204


@pytest.mark.parametrize("ask", [_get, _slack, _model])
def test_a_stranger_s_certificate_is_refused(ask: Callable[[str], int]) -> None:
    """With the way out; and it is not tried again as if it would pass."""
    with (
        _https(_serving("localhost")) as url,
        pytest.raises(ConfigurationError, match="SSL_CERT_FILE"),
    ):
        ask(url)


@pytest.mark.parametrize("ask", [_get, _slack, _model])
def test_a_certificate_of_another_name_is_refused(trusted: None, ask: Callable[[str], int]) -> None:
    """Trusted, but not for this host."""
    with (
        _https(_serving("other.example")) as url,
        pytest.raises(ConfigurationError, match="not to be trusted"),
    ):
        ask(url)


@pytest.mark.parametrize("ask", [_get, _slack, _model])
def test_older_tls_is_refused(trusted: None, ask: Callable[[str], int]) -> None:
    """TLS 1.1 has been out of use since 2021."""
    assert tls_context().minimum_version == ssl.TLSVersion.TLSv1_2
    with (
        _https(_serving("localhost", ssl.TLSVersion.TLSv1_1)) as url,
        pytest.raises(ConfigurationError, match=r"no TLS 1\.2 or newer"),
    ):
        ask(url)


def test_a_connection_that_is_cut_is_tried_again(trusted: None) -> None:
    """Whatever the library calls it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
        with pytest.raises(TransientError, match="did not answer"):
            _get(f"https://localhost:{server.getsockname()[1]}")


@pytest.mark.parametrize("ask", [_get, _slack])
def test_plain_http_is_spoken_on_loopback_only(ask: Callable[[str], int]) -> None:
    """Slack's address and Zendesk's alike."""
    with pytest.raises(ConfigurationError, match="not https"):
        ask("http://example.com/api/")


@pytest.mark.parametrize(
    ("tail", "accepted"),
    [
        ("db.example:5432/v", False),
        ("db.example:5432/v?sslmode=require", False),
        ("db.example:5432/v?sslmode=verify-ca", False),
        ("db.example:5432/v?sslmode=verify-full", True),
        ("db.example:5432/v?sslmode=verify-full&ssl_min_protocol_version=TLSv1.1", False),
        ("db.example:5432/v?hostaddr=127.0.0.1", False),
        ("localhost:5432/v", True),
        ("127.0.0.1:5432/v", True),
        ("localhost:5432/v?host=db.example", False),
        ("localhost:5432/v?hostaddr=192.0.2.7", False),
        ("localhost:5432/v?host=127.0.0.1,db.example", False),
        ("/v?host=/run/postgresql", True),
        ("/v", False),
    ],
)
def test_a_warehouse_elsewhere_is_reached_over_verified_tls_only(
    monkeypatch: pytest.MonkeyPatch, tail: str, accepted: bool
) -> None:
    """Wherever in the URL its host is said."""
    at = "" if tail.startswith("/") else "u:p@"
    for name in ("WAREHOUSE", "LOADER", "TRANSFORMER"):
        monkeypatch.setenv(f"VENSOR_{name}_URL", f"postgresql://{at}{tail}")
    if accepted:
        load_settings().logins()
    else:
        with pytest.raises(ConfigurationError, match=r"verify-full|TLSv1\.2") as caught:
            load_settings().logins()
        assert "db.example" not in str(caught.value)


@contextmanager
def _postgres_over_tls(port: int, context: ssl.SSLContext) -> Iterator[int]:
    """A server that takes TLS off, as hosted PostgreSQL has before it; its port."""

    def carry(source: socket.socket, target: socket.socket) -> None:
        try:
            while piece := source.recv(2**16):
                target.sendall(piece)
        except OSError:
            pass
        finally:
            target.close()

    def serve(client: socket.socket) -> None:
        assert client.recv(8) == SSL_REQUEST
        client.sendall(b"S")
        try:
            inside = context.wrap_socket(client, server_side=True)
        except (ssl.SSLError, OSError):
            client.close()
            return
        behind = socket.create_connection(("127.0.0.1", port))
        threading.Thread(target=carry, args=(behind, inside), daemon=True).start()
        carry(inside, behind)

    def accept(server: socket.socket) -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, args=(server,), daemon=True).start()
        yield int(server.getsockname()[1])


def _remote(logins: Logins, port: int, authority: Path) -> URL:
    query = {"hostaddr": "127.0.0.1", "sslmode": "verify-full", "sslrootcert": str(authority)}
    return logins.loader.set(host=HOST, port=port, query=query)


def test_a_warehouse_with_a_verified_certificate_answers(logins: Logins, tmp_path: Path) -> None:
    """From the URL that the settings accept to rows, through TLS that another end took off."""
    AUTHORITY.cert_pem.write_to_path(str(tmp_path / "a.pem"))
    with _postgres_over_tls(logins.loader.port or 0, _serving(HOST)) as port:
        engine = engine_for(_remote(logins, port, tmp_path / "a.pem"))
        with engine.connect() as connection:
            assert connection.execute(text("select 7")).scalar_one() == 7
            assert connection.connection.driver_connection.pgconn.ssl_in_use
        engine.dispose()


@pytest.mark.parametrize(
    ("name", "newest", "authority"),
    [
        ("other.example", None, AUTHORITY),
        (HOST, None, trustme.CA()),
        (HOST, ssl.TLSVersion.TLSv1_1, AUTHORITY),
    ],
    ids=["another name", "another authority", "older TLS"],
)
def test_a_warehouse_that_is_not_verified_is_not_spoken_to(
    logins: Logins,
    tmp_path: Path,
    name: str,
    newest: ssl.TLSVersion | None,
    authority: trustme.CA,
) -> None:
    """No password and no query reaches it."""
    authority.cert_pem.write_to_path(str(tmp_path / "a.pem"))
    with _postgres_over_tls(logins.loader.port or 0, _serving(name, newest)) as port:
        engine = engine_for(_remote(logins, port, tmp_path / "a.pem"))
        with pytest.raises(OperationalError, match=r"SSL|certificate"), engine.connect():
            pass
        engine.dispose()
