"""An account on a real socket: codes bound by PKCE, refresh tokens that work once, API tokens."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import parse_qs, urlencode, urlsplit

Body = dict[str, str]


@dataclass
class Account:
    """What it grants, and what was asked of it. Without a `secret` its client is public."""

    secret: str | None = "the-secret"
    grants: set[str] = field(
        default_factory=lambda: {"client_credentials", "authorization_code", "refresh_token"}
    )
    scope: str = "read hc:read"
    delay_seconds: float = 0.0
    basic: str | None = None
    url: str = ""
    asked: list[Body] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    live: dict[str, str | None] = field(default_factory=dict)
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    calls: int = 0
    _number: Iterator[int] = field(default_factory=lambda: count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def pair(self, *, refreshable: bool = True) -> dict[str, object]:
        """Issues a pair: `live` maps each access token to its refresh token."""
        number = next(self._number)
        access, refresh = f"access-{number}", f"refresh-{number}"
        self.live[access] = refresh if refreshable else None
        told = {"access_token": access, "expires_in": 1800, "scope": self.scope}
        more = {"refresh_token": refresh, "refresh_token_expires_in": 2_592_000}
        return told | (more if refreshable else {})

    def consent(self, url: str) -> str:
        """Where the browser is sent once a person allowed what `url` asks."""
        told = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert (told["response_type"], told["code_challenge_method"]) == ("code", "S256")
        code = f"code-{next(self._number)}"
        self.codes[code] = (told["code_challenge"], told["redirect_uri"])
        return f"{told['redirect_uri']}?{urlencode({'code': code, 'state': told['state']})}"

    def token(self, body: Body) -> tuple[int, object]:
        """The token endpoint."""
        with self._lock:
            self.asked.append(body)
            answer = self._granted(body)
        time.sleep(self.delay_seconds)
        return answer

    def _granted(self, body: Body) -> tuple[int, object]:
        grant = body["grant_type"]
        if body.get("client_secret") != self.secret:
            return 401, {"error": "invalid_client"}
        if grant not in self.grants:
            return 400, {"error": "unauthorized_client"}
        if grant == "client_credentials":
            return 200, self.pair(refreshable=False)
        if grant == "authorization_code":
            challenge, redirect_uri = self.codes.pop(body["code"], ("", ""))
            hashed = hashlib.sha256(body["code_verifier"].encode()).digest()
            same = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode() == challenge
            ours = same and redirect_uri == body["redirect_uri"]
            return (200, self.pair()) if ours else (400, {"error": "invalid_grant"})
        for access, refresh in list(self.live.items()):
            if refresh is not None and refresh == body["refresh_token"]:
                del self.live[access]
                return 200, self.pair()
        return 400, {"error": "invalid_grant"}

    def admits(self, authorization: str) -> bool:
        self.calls += 1
        return authorization == self.basic or authorization.removeprefix("Bearer ") in self.live

    def revoke(self, authorization: str) -> int:
        token = authorization.removeprefix("Bearer ")
        if token not in self.live:
            return 401
        del self.live[token]
        self.revoked.append(token)
        return 204


def _handler(account: Account) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self._answer(*account.token(json.loads(body)))

        def do_GET(self) -> None:
            admitted = account.admits(self.headers.get("authorization", ""))
            told = {"count": {"value": 1}} if admitted else {"error": "invalid_token"}
            self._answer(200 if admitted else 401, told)

        def do_DELETE(self) -> None:
            self._answer(account.revoke(self.headers.get("authorization", "")), None)

        def _answer(self, status: int, told: object) -> None:
            body = b"" if told is None else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silence."""

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                """Whoever asked was killed: that is a test's doing."""

    return Handler


@contextmanager
def served(account: Account) -> Iterator[Account]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(account))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    account.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield account
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
