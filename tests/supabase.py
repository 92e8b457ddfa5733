"""A Supabase Auth on a socket of this machine: it publishes keys, signs tokens, takes passwords."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.serving import running

ANON_KEY = "sb_publishable_only-here"
PASSWORD = "correct horse battery staple"
SECRET = "a secret of the tests' own, of more than 32 bytes"


@dataclass
class Supabase:
    """One project. `keys` are published by id; `secret` signs with HS256."""

    url: str = ""
    secret: str = SECRET
    keys: dict[str, Any] = field(default_factory=dict)
    published: object = None  # in place of `keys`, where a test says so
    asked: int = 0
    status: int = 200
    users: dict[str, UUID] = field(default_factory=dict)
    refresh_tokens: dict[str, UUID] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"{self.url}/auth/v1"

    def claims(self, user_id: UUID | None = None, **others: object) -> dict[str, object]:
        """What Supabase's access tokens say; a claim of None is left out."""
        now = datetime.now(UTC)
        told = {
            "iss": self.issuer,
            "sub": str(user_id or uuid4()),
            "aud": "authenticated",
            "role": "authenticated",
            "iat": now,
            "exp": now + timedelta(hours=1),
            "is_anonymous": False,
            "email": "ada@acme.example",
        } | others
        return {name: value for name, value in told.items() if value is not None}

    def token(self, user_id: UUID | None = None, *, by: str = "es", **others: object) -> str:
        """A token of the user, signed by the key of this id, or by the secret."""
        claims = self.claims(user_id, **others)
        if by == "secret":
            return jwt.encode(claims, self.secret, algorithm="HS256")
        key = self.keys[by]
        algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": by})

    def public_pem(self, key_id: str) -> bytes:
        key = self.keys[key_id].public_key()
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def jwks(self) -> dict[str, object]:
        return {"keys": [_public(key_id, key) for key_id, key in self.keys.items()]}

    def session(self, grant: str, body: dict[str, str]) -> tuple[int, dict[str, object]]:
        if grant == "password":
            user_id = self.users.get(body["email"]) if body["password"] == PASSWORD else None
        else:
            user_id = self.refresh_tokens.pop(body["refresh_token"], None)
        if user_id is None:
            return 400, {"error_code": "invalid_credentials", "msg": "Invalid login credentials"}
        refresh_token = uuid4().hex
        self.refresh_tokens[refresh_token] = user_id
        return 200, {
            "access_token": self.token(user_id),
            "refresh_token": refresh_token,
            "expires_in": 3600,
        }


def _public(key_id: str, key: Any) -> dict[str, object]:
    is_rsa = isinstance(key, rsa.RSAPrivateKey)
    kind = jwt.algorithms.RSAAlgorithm if is_rsa else jwt.algorithms.ECAlgorithm
    told = kind.to_jwk(key.public_key(), as_dict=True)
    return told | {"kid": key_id, "alg": "RS256" if is_rsa else "ES256", "use": "sig"}


def new_keys() -> dict[str, Any]:
    """One key of each kind."""
    return {
        "rs": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "es": ec.generate_private_key(ec.SECP256R1()),
    }


def unsigned(claims: dict[str, object]) -> str:
    """A token of the algorithm none, as an attacker writes it."""
    parts = [json.dumps({"alg": "none", "typ": "JWT"}), json.dumps(claims, default=_epoch), ""]
    return ".".join(base64.urlsafe_b64encode(one.encode()).decode().rstrip("=") for one in parts)


def _epoch(value: object) -> int:
    assert isinstance(value, datetime)
    return int(value.timestamp())


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_GET(self) -> None:
        project = self.server.project
        project.asked += 1
        there = urlsplit(self.path).path == "/auth/v1/.well-known/jwks.json"
        told = project.jwks() if project.published is None else project.published
        self._answer(project.status if there else 404, told)

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.headers["apikey"] != ANON_KEY or parts.path != "/auth/v1/token":
            self._answer(401, {})
            return
        grant = parse_qs(parts.query)["grant_type"][0]
        self._answer(*self.server.project.session(grant, body))

    def _answer(self, status: int, body: object) -> None:
        told = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def __init__(self, project: Supabase) -> None:
        self.project = project
        super().__init__(("127.0.0.1", 0), _Handler)


@contextmanager
def serving() -> Iterator[Supabase]:
    """A project that answers on loopback."""
    project = Supabase(keys=new_keys())
    with running(_Server(project)) as address:
        project.url = f"http://{address}"
        yield project
