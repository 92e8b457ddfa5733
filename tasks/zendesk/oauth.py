"""Zendesk's tokens: fetched, renewed by one process at a time, revoked.

Source: Zendesk, "Using OAuth authentication with your application" (grant types, expiry).
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import stamina

from tasks.errors import ConfigurationError, RefusedError, TransientError
from tasks.http import no_answer
from tasks.zendesk.consent import Consent
from tasks.zendesk.credentials import (
    API_TOKENS_END,
    Credentials,
    CredentialStore,
    check_scopes,
)

SAVES = 5
SAVE_SECONDS = 30.0
CURRENT = "/api/v2/oauth/tokens/current.json"
# RFC 6749, section 5.2. What else an error may say is not repeated: it could be anything.
CODES = {
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
}
# Of these, the refusals that another code or refresh token would not help.
BLAMING = {"invalid_client", "invalid_scope", "unauthorized_client", "unsupported_grant_type"}


class GrantRefusedError(ConfigurationError):
    """A code or refresh token that Zendesk does not take: it ended, or was used before.

    Any refusal that does not blame the client counts: the words differ between OAuth servers.
    """


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: int | None = None
    refresh_token: str | None = None
    refresh_token_expires_in: int | None = None
    scope: str = ""

    def __repr__(self) -> str:
        return f"_Granted(scope={self.scope!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("scope", self.scope)]


class TokenProvider:
    """Gives a valid Authorization header; a token is renewed a minute before its end.

    Of all processes one renews, and the others take what it stored. A renewed pair is saved
    before it is used: the refresh token of the old pair is dead by then. Should that process die
    before it has saved, a client with a secret goes on by client credentials, and one without
    needs its administrator's consent again.
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

    def authorization(self, refused: str | None = None) -> str:
        """The header's value, other than `refused`, which the account has turned down.

        Raises: ConfigurationError, RefusedError, TransientError.
        """
        return self._usable(self._store.load(), refused) or self._renewed(refused)

    def revoke(self, forget: Callable[[], object] = lambda: None) -> None:
        """Ends the stored token at Zendesk, and with it its refresh token; then does `forget`.

        Nobody renews in between, which would leave a token that lives on and is known nowhere.
        What has ended already is as good as revoked. An API token is left: only Admin Center
        can delete it. Raises: TransientError.
        """
        with self._store.renewing():
            self._end(self._store.load())
            forget()

    def _end(self, credentials: Credentials) -> None:
        held = credentials.authorization
        if held is None or credentials.kind == "api_token":
            return
        alone = credentials.refresh_token is None
        if (alone or credentials.is_fresh(self._clock())) and (self._revoked(held) or alone):
            return
        # a refresh token outlives its access token, and only a live one of these ends both
        try:
            renewed = self._by_refresh(credentials)
        except ConfigurationError:
            return
        self._save(renewed)
        self._revoked(f"Bearer {renewed.access_token}")

    def _revoked(self, authorization: str) -> bool:
        """Whether this call ended the token; False where it had ended before."""
        try:
            answer = self._http.delete(CURRENT, headers={"Authorization": authorization})
        except httpx.HTTPError as error:
            raise no_answer("Zendesk's revocation", error) from None
        if not answer.is_success and answer.status_code not in {401, 404}:
            raise TransientError(f"Zendesk answered the revocation with {answer.status_code}")
        return answer.is_success

    def _usable(self, credentials: Credentials, refused: str | None) -> str | None:
        """What is stored, if it may still be used."""
        if credentials.kind == "api_token":
            return _checked_api_token(credentials, refused, self._clock())
        held = credentials.authorization
        if held is None or held == refused or not credentials.is_fresh(self._clock()):
            return None
        check_scopes(credentials.scopes)
        return held

    def _renewed(self, refused: str | None) -> str:
        with self._store.renewing():
            credentials = self._store.load()
            usable = self._usable(credentials, refused)
            if usable is not None:
                return usable  # another process renewed it meanwhile
            renewed = self._renew(credentials)
            self._save(renewed)
        check_scopes(renewed.scopes)
        return f"Bearer {renewed.access_token}"

    def _renew(self, credentials: Credentials) -> Credentials:
        if credentials.refresh_token is not None:
            try:
                return self._by_refresh(credentials)
            except GrantRefusedError:
                pass  # ended, revoked, or used by a process that died before it had saved
        if credentials.kind == "client_credentials":
            return self._by_client(credentials)
        try:
            return self._by_client(credentials)
        except (ConfigurationError, RefusedError):
            raise ConfigurationError(
                "Zendesk took neither the refresh token (ended, revoked, or used by a run that was"
                " killed) nor the client alone; run `vensor connect zendesk … --browser` again"
            ) from None

    def _by_refresh(self, credentials: Credentials) -> Credentials:
        """The next pair; the old one is dead from then on. Raises: GrantRefusedError."""
        asked = {"grant_type": "refresh_token", "refresh_token": credentials.refresh_token or ""}
        granted = _ask(self._http, _client(credentials) | asked)
        return _with(credentials, granted, self._clock())

    def _by_client(self, credentials: Credentials) -> Credentials:
        """New credentials by the client's own secret. Raises: ConfigurationError without one."""
        if not credentials.client_secret:
            raise ConfigurationError(
                "the OAuth client has no secret; run `vensor connect zendesk … --browser` again"
            )
        asked = {"grant_type": "client_credentials", "scope": credentials.asked_scopes}
        granted = _ask(self._http, _client(credentials) | asked)
        check_scopes(granted.scope)
        alone = Credentials(
            credentials.client_id, credentials.client_secret, more_scopes=credentials.more_scopes
        )
        return _with(alone, granted, self._clock())

    def _save(self, credentials: Credentials) -> None:
        """Tried again while the warehouse is away: what is lost here nobody can ask for again."""
        for attempt in stamina.retry_context(
            on=TransientError, attempts=SAVES, timeout=SAVE_SECONDS
        ):
            with attempt:
                self._store.save(credentials)


def redeem_code(
    http: httpx.Client, client: Credentials, consent: Consent, code: str, *, now: datetime
) -> Credentials:
    """The client's credentials for the code that a consent brought.

    Raises: ConfigurationError, RefusedError for scopes that are missing, TransientError.
    """
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": consent.redirect_uri,
        "code_verifier": consent.verifier,
        "scope": client.asked_scopes,
    }
    try:
        granted = _ask(http, _client(client) | asked)
    except GrantRefusedError:
        raise ConfigurationError(
            "Zendesk refused the code that the browser brought (it lives for two minutes, once);"
            " run the same command again"
        ) from None
    check_scopes(granted.scope)
    return _with(client, granted, now)


def retry_after(answer: httpx.Response) -> float | None:
    """The seconds that Zendesk asks to wait, where it does."""
    told = answer.headers.get("retry-after", "")
    return float(told) if told.isdigit() else None


def _checked_api_token(credentials: Credentials, refused: str | None, now: datetime) -> str:
    """Raises: ConfigurationError for a token that was turned down, and for all after their end."""
    replace = "make an OAuth client and run `vensor connect zendesk … --client-id …`"
    if now >= API_TOKENS_END:
        raise ConfigurationError(f"Zendesk's API tokens stopped on 2027-04-30; {replace}")
    authorization = credentials.authorization
    if authorization is None or authorization == refused:
        raise ConfigurationError(
            f"Zendesk refused the API token (wrong, deleted, or idle for 30 days); {replace}"
        )
    return authorization


def _client(credentials: Credentials) -> dict[str, str]:
    """Who asks: a public client names no secret."""
    told = {"client_id": credentials.client_id}
    secret = credentials.client_secret
    return told | {"client_secret": secret} if secret else told


def _with(credentials: Credentials, granted: _Granted, now: datetime) -> Credentials:
    """The credentials with what was granted; a refresh token that was not replaced stays."""
    renewed = msgspec.structs.replace(
        credentials,
        access_token=granted.access_token,
        expires_at=_after(now, granted.expires_in),
        scopes=granted.scope,
    )
    if granted.refresh_token is None:
        return renewed
    return msgspec.structs.replace(
        renewed,
        refresh_token=granted.refresh_token,
        refresh_expires_at=_after(now, granted.refresh_token_expires_in),
    )


def _after(now: datetime, seconds: int | None) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)


def _ask(http: httpx.Client, asked: dict[str, str]) -> _Granted:
    try:
        answer = http.post("/oauth/tokens", json=asked)
    except httpx.HTTPError as error:
        raise no_answer("Zendesk's token endpoint", error) from None
    status = answer.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= 500:
        raise TransientError(
            f"Zendesk's token endpoint answered {status}",
            retry_after_seconds=retry_after(answer),
        )
    if answer.is_success:
        return _granted(answer.content)
    code = _code(answer)
    blamed = code in BLAMING or status not in {httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED}
    kind = ConfigurationError if blamed else GrantRefusedError
    raise kind(
        f"Zendesk refused the OAuth client ({code});"
        " run `vensor connect zendesk` with its present address and secret"
    )


def _granted(body: bytes) -> _Granted:
    try:
        return msgspec.json.decode(body, type=_Granted)
    except msgspec.MsgspecError:
        raise TransientError("Zendesk's token endpoint answered with no token") from None


def _code(answer: httpx.Response) -> str:
    """The error's code, from a closed vocabulary; never its description."""
    try:
        told = msgspec.json.decode(answer.content, type=dict[str, object]).get("error")
    except msgspec.MsgspecError:
        told = None
    return told if isinstance(told, str) and told in CODES else str(answer.status_code)
