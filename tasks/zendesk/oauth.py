"""Zendesk's OAuth: client credentials, or a refresh token that changes with each use.

Source: Zendesk, "Using OAuth authentication with your application" (grant types, expiry).
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import httpx
import msgspec

from tasks.errors import ConfigurationError, RefusedError, TransientError

NEEDED_SCOPES = ("read", "hc:read")
RENEW_BEFORE = timedelta(seconds=60)


class Credentials(msgspec.Struct, frozen=True):
    """What gives access to one account. Sealed wherever it is stored; `repr` hides it."""

    client_id: str
    client_secret: str
    access_token: str | None = None
    refresh_token: str | None = None
    expires_at: datetime | None = None
    scopes: str = ""

    def __repr__(self) -> str:
        return f"Credentials(client_id={self.client_id!r})"


class CredentialStore(Protocol):
    """Where credentials are kept. `save` returns only once they are safe."""

    def load(self) -> Credentials: ...

    def save(self, credentials: Credentials) -> None: ...


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: int | None = None
    refresh_token: str | None = None
    scope: str = ""


class TokenProvider:
    """Gives a valid access token, renewed a minute before its end.

    A renewed pair is saved before it is used: the refresh token of the old pair is dead by then.
    """

    def __init__(
        self,
        http: httpx.Client,
        store: CredentialStore,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._http = http
        self._store = store
        self._clock = clock

    def token(self) -> str:
        """A token with at least a minute to live. Raises: ConfigurationError, RefusedError."""
        credentials = self._store.load()
        if credentials.access_token and self._is_fresh(credentials):
            return credentials.access_token
        return self._renew(credentials)

    def renewed(self, refused: str) -> str:
        """A token other than `refused`, which the account has turned down."""
        credentials = self._store.load()
        if credentials.access_token and credentials.access_token != refused:
            return credentials.access_token  # another process renewed it meanwhile
        return self._renew(credentials)

    def revoke(self) -> None:
        """Ends the stored token at Zendesk, and with it its refresh token.

        A token that has ended already is as good as revoked. Raises: TransientError.
        """
        token = self._store.load().access_token
        if token is None:
            return
        try:
            answer = self._http.delete(
                "/api/v2/oauth/tokens/current.json", headers={"Authorization": f"Bearer {token}"}
            )
        except httpx.HTTPError as error:
            raise TransientError(
                f"Zendesk did not answer the revocation ({type(error).__name__})"
            ) from None
        if not answer.is_success and answer.status_code not in {401, 404}:
            raise TransientError(f"Zendesk answered the revocation with {answer.status_code}")

    def _is_fresh(self, credentials: Credentials) -> bool:
        ends = credentials.expires_at
        return ends is None or ends - RENEW_BEFORE > self._clock()

    def _renew(self, credentials: Credentials) -> str:
        try:
            granted = self._ask(_grant_request(credentials))
        except ConfigurationError:
            stored = self._store.load()
            if stored.access_token in {None, credentials.access_token}:
                raise
            return str(stored.access_token)  # another process used the refresh token first
        return self._saved(credentials, granted)

    def _saved(self, credentials: Credentials, granted: _Granted) -> str:
        """The new token, once it is stored."""
        lifetime = granted.expires_in
        self._store.save(
            msgspec.structs.replace(
                credentials,
                access_token=granted.access_token,
                refresh_token=granted.refresh_token or credentials.refresh_token,
                expires_at=None
                if lifetime is None
                else self._clock() + timedelta(seconds=lifetime),
                scopes=granted.scope,
            )
        )
        return granted.access_token

    def _ask(self, asked: dict[str, str]) -> _Granted:
        try:
            answer = self._http.post("/oauth/tokens", json=asked)
        except httpx.HTTPError as error:
            raise TransientError(
                f"Zendesk's token endpoint did not answer ({type(error).__name__})"
            ) from None
        status = answer.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS or status >= 500:
            raise TransientError(
                f"Zendesk's token endpoint answered {status}",
                retry_after_seconds=retry_after(answer),
            )
        if not answer.is_success:
            raise ConfigurationError(
                f"Zendesk refused the OAuth client ({_code(answer)});"
                " run `vensor connect zendesk` with its present address and secret"
            )
        return _granted(answer.content)


def retry_after(answer: httpx.Response) -> float | None:
    """The seconds that Zendesk asks to wait, where it does."""
    told = answer.headers.get("retry-after", "")
    return float(told) if told.isdigit() else None


def _grant_request(credentials: Credentials) -> dict[str, str]:
    """What the token endpoint is asked: a refresh where there is a token for it."""
    asked = {"client_id": credentials.client_id, "client_secret": credentials.client_secret}
    if credentials.refresh_token:
        grant = {"grant_type": "refresh_token", "refresh_token": credentials.refresh_token}
    else:
        grant = {"grant_type": "client_credentials", "scope": " ".join(NEEDED_SCOPES)}
    return asked | grant


def _granted(body: bytes) -> _Granted:
    try:
        granted = msgspec.json.decode(body, type=_Granted)
    except msgspec.MsgspecError:
        raise TransientError("Zendesk's token endpoint answered with no token") from None
    _check_scopes(granted.scope)
    return granted


def _check_scopes(granted: str) -> None:
    """Zendesk grants a token for scopes that don't exist, and answers 403 to it later."""
    missing = [scope for scope in NEEDED_SCOPES if not _covers(granted.split(), scope)]
    if granted and missing:
        raise RefusedError(f"the OAuth client lacks the scopes {' '.join(missing)}")


def _covers(granted: list[str], needed: str) -> bool:
    return needed in granted or needed.rsplit(":", 1)[-1] in granted


def _code(answer: httpx.Response) -> str:
    """The error's code, from a closed vocabulary; never its description."""
    try:
        code = msgspec.json.decode(answer.content, type=dict[str, msgspec.Raw]).get("error")
        return msgspec.json.decode(code, type=str) if code is not None else str(answer.status_code)
    except msgspec.MsgspecError:
        return str(answer.status_code)
