"""A valid Authorization header at any time, with one renewal however many ask for it."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import msgspec

from tasks.errors import ConfigurationError, PermanentError, RefusedError
from tasks.zendesk.oauth.credentials import (
    API_TOKENS_END_AT,
    Credentials,
    CredentialStore,
    basic_header,
)
from tasks.zendesk.oauth.endpoint import (
    Granted,
    GrantRefusedError,
    ask_by_client,
    ask_by_refresh,
    revoke,
)

RENEW_BEFORE = timedelta(seconds=60)
AGAIN_IN_THE_BROWSER = "run `vensor connect zendesk … --browser` again"


class TokenProvider:
    """Gives the header for an account's credentials, renewed a minute before their end.

    A renewal takes place while the store is held, so that one of all processes asks and the
    others take what it stored: a refresh token works once. A renewed pair is saved before it is
    used, because the old pair is dead by then.
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
        self._one_of_this_process = threading.Lock()

    def authorization(self, refused: str | None = None) -> str:
        """The value of an Authorization header, with at least a minute to live.

        Never `refused`, which the account has turned down.

        Raises: ConfigurationError, RefusedError, TransientError.
        """
        credentials = self._store.load()
        if credentials.kind == "api_token":
            return self._basic(credentials, refused)
        if not self._serves(credentials, refused):
            credentials = self._renewed(refused)
        return _bearer(credentials)

    def revoke(self, forget: Callable[[], object] = lambda: None) -> None:
        """Ends the stored tokens at Zendesk, then does `forget`: nobody renews in between.

        A token that has ended already is as good as revoked; an API token is left alone, since
        it can be deleted in Zendesk's Admin Center only. Raises: TransientError.
        """
        with self._one_of_this_process, self._store.held():
            self._end(self._store.load())
            forget()

    def _serves(self, credentials: Credentials, refused: str | None) -> bool:
        ends = credentials.expires_at
        fresh = ends is None or ends - RENEW_BEFORE > self._clock()
        return bool(credentials.access_token) and fresh and _bearer(credentials) != refused

    def _basic(self, credentials: Credentials, refused: str | None) -> str:
        if self._clock() >= API_TOKENS_END_AT:
            raise ConfigurationError(
                "Zendesk ended all API tokens on 2027-04-30; connect with OAuth:"
                " run `vensor connect zendesk … --client-id …`"
            )
        header = basic_header(credentials)
        if header == refused:
            raise ConfigurationError(
                "Zendesk refused the API token: it is deleted, was idle for 30 days or belongs to"
                " another address; connect with OAuth: run `vensor connect zendesk … --client-id …`"
            )
        return header

    def _renewed(self, refused: str | None) -> Credentials:
        with self._one_of_this_process, self._store.held():
            credentials = self._store.load()
            if self._serves(credentials, refused):
                return credentials  # another process renewed it meanwhile
            if credentials.refresh_token:
                renewed = self._by_refresh(credentials)
            else:
                renewed = self._by_client(credentials)
            self._store.save(renewed)
            return renewed

    def _by_refresh(self, credentials: Credentials) -> Credentials:
        """The next pair, or the client's own token where the refresh token is refused.

        It is refused once it has ended, and after a process died between Zendesk's answer and
        the save. Scopes are not checked: the old pair is dead, so the new one is saved whatever
        it may do.
        """
        try:
            granted = ask_by_refresh(self._http, credentials)
        except GrantRefusedError as refusal:
            if refusal.code == "invalid_client":
                raise
            return self._without_refresh(credentials, refusal.code)
        renewed = granted.to(credentials, self._clock())
        return renewed if granted.refresh_token else _keeping_refresh(renewed, credentials)

    def _without_refresh(self, credentials: Credentials, code: str) -> Credentials:
        if credentials.client_secret is not None:
            try:
                return self._by_client(credentials)
            except GrantRefusedError as refusal:
                code = refusal.code
        raise ConfigurationError(
            f"Zendesk refused the refresh token ({code}): it has ended, or a run was broken off"
            f" while it was renewed; {AGAIN_IN_THE_BROWSER}"
        )

    def _by_client(self, credentials: Credentials) -> Credentials:
        """The client's own token. Raises: RefusedError for a client that may not do enough."""
        if credentials.client_secret is None:
            raise ConfigurationError(
                "the access has ended and a public client can't renew it without a refresh token;"
                f" {AGAIN_IN_THE_BROWSER}"
            )
        granted = ask_by_client(self._http, credentials)
        return checked_scopes(granted.to(credentials, self._clock()))

    def _end(self, credentials: Credentials) -> None:
        if credentials.access_token is None:
            return
        if revoke(self._http, credentials.access_token) or not credentials.refresh_token:
            return
        # The access token ended by itself; the refresh token may outlive it by weeks.
        granted = self._last_pair(credentials)
        if granted is not None:
            self._store.save(granted.to(credentials, self._clock()))
            revoke(self._http, granted.access_token)

    def _last_pair(self, credentials: Credentials) -> Granted | None:
        try:
            return ask_by_refresh(self._http, credentials)
        except PermanentError:
            return None  # it is dead as well


def checked_scopes(credentials: Credentials) -> Credentials:
    """The same, if they may do enough. Raises: RefusedError naming what is missing.

    Zendesk grants a token for scopes that don't exist, and answers 403 to it later.
    """
    if credentials.missing_scopes:
        missing = " ".join(credentials.missing_scopes)
        raise RefusedError(f"the OAuth client lacks the scopes {missing}")
    return credentials


def _bearer(credentials: Credentials) -> str:
    return f"Bearer {credentials.access_token}"


def _keeping_refresh(renewed: Credentials, old: Credentials) -> Credentials:
    """With the old refresh token, for an answer that names no new one: it goes on."""
    return msgspec.structs.replace(
        renewed, refresh_token=old.refresh_token, refresh_expires_at=old.refresh_expires_at
    )
