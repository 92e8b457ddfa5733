"""OAuth 2.0 as Zendesk does it: three grants, rotating refresh tokens, scopes.

Each account has a confidential client with a secret, and a public one without: for that one PKCE
is mandatory, client credentials are not to be had, and its requests carry no secret. Beside them
lives what OAuth replaces: one legacy API token for Basic authentication.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sandbox.state import State, digest
from sandbox.zendesk import errors

CODE_SECONDS = 120
ACCESS_SECONDS = (300, 1_800, 172_800)
REFRESH_SECONDS = (604_800, 2_592_000, 7_776_000)
CONFIDENTIAL, PUBLIC = "client_id", "public_client_id"
DENIED = {
    "error": "access_denied",
    "error_description": "The end-user or authorization server denied the request.",
}


@dataclass(frozen=True)
class Grant:
    """What a valid access token stands for."""

    scope: frozenset[str]
    pair: str

    def allows(self, needed: str) -> bool:
        """Whether ``tickets:read`` (say) is covered, by itself or by the plain ``read``."""
        return needed in self.scope or needed.rsplit(":", 1)[-1] in self.scope


class OAuth:
    """The tokens of one account."""

    def __init__(self, state: State, account: str) -> None:
        self._state = state
        self._account = account

    def exchange(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of the token endpoint. Raises: Refusal."""
        client = self._client(told)
        grant = told.get("grant_type")
        if grant == "client_credentials":
            if client == self._secret(PUBLIC):
                raise errors.unauthorized_client()
            scope = str(told.get("scope") or "read")
            return self._issue(client, scope, _lifetimes(told), refreshable=False)
        if grant == "authorization_code":
            return self._redeem(client, told)
        if grant == "refresh_token":
            return self._refresh(client, told)
        raise errors.unsupported_grant()

    def authorize(self, told: Mapping[str, str], *, agreed: bool) -> str:
        """The URL to which the browser goes back, with a code if the user agreed. Raises: Refusal.

        Source: RFC 6749, 4.1.2.1, for what is told when the user did not.
        """
        self._check_request(told)
        query = {"code": self._code(told)} if agreed else dict(DENIED)
        query |= {"state": told["state"]} if "state" in told else {}
        redirect = told["redirect_uri"]
        return redirect + ("&" if "?" in redirect else "?") + urlencode(query)

    def _check_request(self, told: Mapping[str, str]) -> None:
        """Raises: Refusal for a request to which no browser may be sent back."""
        client, redirect = told.get("client_id", ""), told.get("redirect_uri", "")
        known = {self._secret(CONFIDENTIAL), self._secret(PUBLIC)}
        if client not in known or not redirect or told.get("response_type") != "code":
            raise errors.invalid_request(
                "The request needs client_id, redirect_uri and response_type=code."
            )
        challenge = told.get("code_challenge", "")
        if challenge and told.get("code_challenge_method") != "S256":
            raise errors.invalid_request("Only the code_challenge_method S256 is supported.")
        if not challenge and client == self._secret(PUBLIC):
            raise errors.invalid_request("A public client needs a code_challenge.")

    def _code(self, told: Mapping[str, str]) -> str:
        """A code, kept with what it is bound to."""
        code = secrets.token_urlsafe(32)
        row = (
            digest(code), self._account, told["redirect_uri"], told.get("code_challenge", ""),
            told.get("scope") or "read", time.time() + CODE_SECONDS, told["client_id"],
        )  # fmt: skip
        with self._state.database() as database:
            database.execute("insert into codes values (?, ?, ?, ?, ?, ?, ?)", row)
        return code

    def check_basic(self, given: str) -> Grant | None:
        """What `email/token:api_token` in Base64 stands for: its user, with every scope."""
        try:
            plain = base64.b64decode(given, validate=True)
        except ValueError:
            return None
        kept = f"{self._secret('api_email')}/token:{self._secret('api_token')}"
        if not hmac.compare_digest(plain, kept.encode()):
            return None
        return Grant(frozenset({"read", "write"}), pair="")

    def check(self, token: str) -> Grant | None:
        """What an access token stands for; None when it stands for nothing."""
        with self._state.database() as database:
            row = database.execute(
                "select scope, pair from tokens where hash = ? and account = ? and kind = 'access'"
                " and expires_at > ?",
                (digest(token), self._account, time.time()),
            ).fetchone()
        return Grant(frozenset(row[0].split()), row[1]) if row else None

    def revoke(self, pair: str) -> None:
        """Deletes an access token together with its refresh token."""
        with self._state.database() as database:
            database.execute("delete from tokens where pair = ?", (pair,))

    def expire(self, token: str) -> None:
        """Ends an access token before its time; its refresh token stays."""
        with self._state.database() as database:
            database.execute("update tokens set expires_at = 0 where hash = ?", (digest(token),))

    def _secret(self, name: str) -> str:
        return self._state.secret(f"zendesk:{self._account}:{name}")

    def _client(self, told: Mapping[str, Any]) -> str:
        """The client that asks, by its id and, unless it is public, its secret."""
        client, given = (str(told.get(name) or "") for name in ("client_id", "client_secret"))
        kept = {self._secret(CONFIDENTIAL): self._secret("client_secret"), self._secret(PUBLIC): ""}
        if client not in kept or not hmac.compare_digest(given.encode(), kept[client].encode()):
            raise errors.invalid_client()
        return client

    def _redeem(self, client: str, told: Mapping[str, Any]) -> dict[str, Any]:
        with self._state.database() as database:
            row = database.execute(
                "delete from codes where hash = ? and account = ? and client = ?"
                " returning redirect_uri, challenge, scope, expires_at",
                (digest(str(told.get("code") or "")), self._account, client),
            ).fetchone()
        if row is None or row[3] < time.time() or row[0] != told.get("redirect_uri"):
            raise errors.invalid_grant()
        if row[1] and _challenge(str(told.get("code_verifier") or "")) != row[1]:
            raise errors.invalid_grant()
        return self._issue(client, row[2], _lifetimes(told), refreshable=True)

    def _refresh(self, client: str, told: Mapping[str, Any]) -> dict[str, Any]:
        """Deletes both old tokens and issues a new pair."""
        with self._state.database() as database:
            row = database.execute(
                "select pair, scope, lifetimes from tokens where hash = ? and account = ?"
                " and client = ? and kind = 'refresh' and expires_at > ?",
                (digest(str(told.get("refresh_token") or "")), self._account, client, time.time()),
            ).fetchone()
            if row is None:
                raise errors.invalid_grant()
            database.execute("delete from tokens where pair = ?", (row[0],))
        access, refresh = (int(part) for part in row[2].split())
        lifetimes = _lifetimes(
            {"expires_in": access, "refresh_token_expires_in": refresh} | dict(told)
        )
        return self._issue(client, row[1], lifetimes, refreshable=True)

    def _issue(
        self, client: str, scope: str, lifetimes: tuple[int, int], *, refreshable: bool
    ) -> dict[str, Any]:
        pair, access, refresh = (secrets.token_hex(32) for _ in range(3))
        kept = f"{lifetimes[0]} {lifetimes[1]}"
        now = time.time()
        kinds = (("access", access, lifetimes[0]), ("refresh", refresh, lifetimes[1]))
        rows = [
            (digest(token), kind, self._account, pair, scope, now + seconds, kept, client)
            for kind, token, seconds in kinds[: 1 + refreshable]
        ]
        with self._state.database() as database:
            database.executemany("insert into tokens values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        told = {
            "access_token": access,
            "token_type": "bearer",
            "scope": scope,
            "expires_in": lifetimes[0],
        }
        if refreshable:
            told |= {"refresh_token": refresh, "refresh_token_expires_in": lifetimes[1]}
        return told


def _lifetimes(told: Mapping[str, Any]) -> tuple[int, int]:
    return (
        _bounded(told.get("expires_in"), ACCESS_SECONDS, "expires_in"),
        _bounded(told.get("refresh_token_expires_in"), REFRESH_SECONDS, "refresh_token_expires_in"),
    )


def _bounded(value: object, bounds: tuple[int, int, int], name: str) -> int:
    low, usual, high = bounds
    if value is None:
        return usual
    told = int(str(value)) if str(value).isdigit() else -1
    if not low <= told <= high:
        raise errors.invalid_request(f"{name} must be between {low} and {high} seconds.")
    return told


def _challenge(verifier: str) -> str:
    hashed = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
