"""Zendesk's token endpoint: what it is asked, what it grants, what its refusals mean.

Source: Zendesk, "Using OAuth authentication with your application" and "Working with OAuth
refresh tokens" (grant types, expiry).
"""

from datetime import datetime, timedelta

import httpx
import msgspec

from tasks.errors import ConfigurationError, TransientError
from tasks.zendesk.oauth.credentials import Credentials

# Shorter than what others wait for who want to renew the same credentials.
TIMEOUT = httpx.Timeout(20.0, connect=10.0)
CODES = {
    "access_denied",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
}


class GrantRefusedError(ConfigurationError):
    """The token endpoint said no; `code` is from OAuth's vocabulary, or the status."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"Zendesk refused the OAuth client ({code});"
            " run `vensor connect zendesk` with its present address and secret"
        )
        self.code = code


class Granted(msgspec.Struct):
    """The endpoint's answer."""

    access_token: str
    expires_in: int | None = None
    refresh_token: str | None = None
    refresh_token_expires_in: int | None = None
    scope: str = ""

    def __repr__(self) -> str:
        return f"Granted(scope={self.scope!r})"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        return [("scope", self.scope)]

    def to(self, credentials: Credentials, now: datetime) -> Credentials:
        """The credentials with what was granted in place of what they held."""
        return msgspec.structs.replace(
            credentials,
            access_token=self.access_token,
            refresh_token=self.refresh_token,
            expires_at=_after(now, self.expires_in),
            refresh_expires_at=_after(now, self.refresh_token_expires_in),
            scopes=self.scope or credentials.scopes,
        )


def ask_by_client(http: httpx.Client, credentials: Credentials) -> Granted:
    """A token for the client itself. Raises: GrantRefusedError, TransientError."""
    return _ask(
        http, credentials, {"grant_type": "client_credentials", "scope": credentials.asked_scopes}
    )


def ask_by_code(
    http: httpx.Client, credentials: Credentials, *, code: str, redirect_uri: str, verifier: str
) -> Granted:
    """A pair for a code from the browser. Raises: GrantRefusedError, TransientError."""
    grant = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
        "scope": credentials.asked_scopes,
    }
    return _ask(http, credentials, grant)


def ask_by_refresh(http: httpx.Client, credentials: Credentials) -> Granted:
    """A new pair; the old one is dead from then on. Raises: GrantRefusedError, TransientError."""
    token = credentials.refresh_token or ""
    return _ask(http, credentials, {"grant_type": "refresh_token", "refresh_token": token})


def revoke(http: httpx.Client, access_token: str) -> bool:
    """Ends a token and its refresh token; False if it had ended already. Raises: TransientError."""
    try:
        answer = http.delete(
            "/api/v2/oauth/tokens/current.json",
            headers={"Authorization": f"Bearer {access_token}"},
            timeout=TIMEOUT,
        )
    except httpx.HTTPError as error:
        raise TransientError(
            f"Zendesk did not answer the revocation ({type(error).__name__})"
        ) from None
    if not answer.is_success and answer.status_code not in {401, 404}:
        raise TransientError(f"Zendesk answered the revocation with {answer.status_code}")
    return answer.is_success


def retry_after(answer: httpx.Response) -> float | None:
    """The seconds that Zendesk asks to wait, where it does."""
    told = answer.headers.get("retry-after", "")
    return float(told) if told.isdigit() else None


def known_code(code: object) -> str | None:
    """An error's code, if it is one of OAuth's: any other word may be anybody's."""
    return code if isinstance(code, str) and code in CODES else None


def _ask(http: httpx.Client, credentials: Credentials, grant: dict[str, str]) -> Granted:
    client = {"client_id": credentials.client_id}
    if credentials.client_secret is not None:
        client["client_secret"] = credentials.client_secret
    try:
        answer = http.post("/oauth/tokens", json=client | grant, timeout=TIMEOUT)
    except httpx.HTTPError as error:
        raise TransientError(
            f"Zendesk's token endpoint did not answer ({type(error).__name__})"
        ) from None
    status = answer.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= 500:
        raise TransientError(
            f"Zendesk's token endpoint answered {status}", retry_after_seconds=retry_after(answer)
        )
    if not answer.is_success:
        raise GrantRefusedError(_code(answer))
    try:
        return msgspec.json.decode(answer.content, type=Granted)
    except msgspec.MsgspecError:
        raise TransientError("Zendesk's token endpoint answered with no token") from None


def _code(answer: httpx.Response) -> str:
    try:
        told = msgspec.json.decode(answer.content, type=dict[str, object])
    except msgspec.MsgspecError:
        told = {}
    return known_code(told.get("error")) or str(answer.status_code)


def _after(now: datetime, seconds: int | None) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)
