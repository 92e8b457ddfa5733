"""Asking Zendesk: authenticated, within its limits, again where it may help.

This is the one owner of retries for calls to Zendesk. Messages name account, path and status;
never a query value or a body.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Self
from urllib.parse import urlsplit

import httpx
import stamina

from tasks.errors import NotInPlanError, PermanentError, RefusedError, TransientError
from tasks.http import http_client
from tasks.zendesk.limits import Limits
from tasks.zendesk.oauth import CredentialStore, TokenProvider, retry_after
from tasks.zendesk.parse import whole_json

ATTEMPTS = 6
TIMEOUT_SECONDS = 600.0
LONGEST_BACKOFF_SECONDS = 30.0
MISSING_SCOPES = re.compile(rb"required scopes: ([a-z_:, ]+)")
OnWait = Callable[[float, str], None]
Params = Mapping[str, str | int]


class TooSlowError(TransientError):
    """Zendesk gave up on its own answer (504): a smaller page may come through."""


class ZendeskClient:
    """One account's API. `requests` and `waited_seconds` count what it took."""

    def __init__(self, http: httpx.Client, tokens: TokenProvider, *, on_wait: OnWait) -> None:
        self._http = http
        self._tokens = tokens
        self._on_wait = on_wait
        self._limits = Limits()
        self.requests = 0
        self.waited_seconds = 0.0

    @classmethod
    @contextmanager
    def opened(
        cls, base_url: str, store: CredentialStore, *, on_wait: OnWait | None = None
    ) -> Iterator[Self]:
        """A client whose connections are closed at the end."""
        with http_client(base_url) as http:
            yield cls(http, TokenProvider(http, store), on_wait=on_wait or (lambda *_: None))

    @property
    def account(self) -> str:
        """The account as messages name it."""
        return str(self._http.base_url).rstrip("/")

    @property
    def http(self) -> httpx.Client:
        return self._http

    def check(self) -> None:
        """Asks for one ticket count. Raises: RefusedError, ConfigurationError, TransientError."""
        self.get("/api/v2/tickets/count.json", {})

    def get(self, path: str, params: Params) -> bytes:
        """The JSON body that `path` answers.

        Raises: RefusedError (403, or 404 where the plan lacks it), TooSlowError (504),
        TransientError once six tries over at most ten minutes have failed, PermanentError.
        """
        for attempt in stamina.retry_context(
            on=lambda error: self._backoff(error, path),
            attempts=ATTEMPTS,
            timeout=TIMEOUT_SECONDS,
            wait_initial=0.5,
            wait_max=LONGEST_BACKOFF_SECONDS,
        ):
            with attempt:
                return self._get_once(path, params)
        raise PermanentError("unreachable: a retry context ends with a return or an exception")

    def authorization(self, refused: str | None = None) -> str:
        """The value of an Authorization header, never `refused`, for requests that others make."""
        return self._tokens.authorization(refused)

    def revoke(self, forget: Callable[[], object] = lambda: None) -> None:
        """Ends the stored tokens at Zendesk, then does `forget`. Raises: TransientError."""
        self._tokens.revoke(forget)

    def _get_once(self, path: str, params: Params) -> bytes:
        authorization = self.authorization()
        answer = self._send(path, params, authorization)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            answer = self._send(path, params, self.authorization(refused=authorization))
        if not answer.is_success:
            raise _refusal(answer, f"{self.account}{path}")
        try:
            return whole_json(answer.content)
        except ValueError:
            raise TransientError(
                f"{self.account}{path} answered with JSON that is cut off"
            ) from None

    def _send(self, path: str, params: Params, authorization: str) -> httpx.Response:
        self._wait_for_budget(path)
        self.requests += 1
        try:
            answer = self._http.get(
                path, params=dict(params), headers={"Authorization": authorization}
            )
        except httpx.HTTPError as error:
            raise TransientError(
                f"{self.account}{path} did not answer ({type(error).__name__})"
            ) from None
        self._limits.learn(path, answer.headers)
        return answer

    def _wait_for_budget(self, path: str) -> None:
        seconds, bucket = self._limits.seconds_to_wait(path)
        if seconds > 0:
            self._note_wait(seconds, bucket)
            time.sleep(seconds)

    def _backoff(self, error: Exception, path: str) -> bool | float:
        """Whether, or after how many seconds, to try again.

        A 504 goes to who chose the page size.
        """
        if not isinstance(error, TransientError) or isinstance(error, TooSlowError):
            return False
        seconds = error.retry_after_seconds
        if seconds is None:
            return True
        self._note_wait(seconds, self._limits.scarcest(path))
        return seconds

    def _note_wait(self, seconds: float, bucket: str) -> None:
        self._on_wait(seconds, bucket)
        self.waited_seconds += seconds


def _refusal(answer: httpx.Response, where: str) -> Exception:
    status = answer.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS or status == httpx.codes.SERVICE_UNAVAILABLE:
        return TransientError(f"{where} answered {status}", retry_after_seconds=retry_after(answer))
    if status == httpx.codes.GATEWAY_TIMEOUT:
        return TooSlowError(f"{where} answered 504")
    if status >= 500:
        return TransientError(f"{where} answered {status}")
    if status == httpx.codes.FORBIDDEN:
        return RefusedError(f"{where} is forbidden: {_lacking(answer.content)}")
    if status == httpx.codes.NOT_FOUND and b"RecordNotFound" in answer.content:
        return NotFoundError(f"{where} is there no longer, or never was")
    if status == httpx.codes.NOT_FOUND:
        return NotInPlanError(f"{where} is not there: not in this account's plan, or gone")
    if status == httpx.codes.UNPROCESSABLE_ENTITY and b"Too recent" in answer.content:
        return TooRecentError(f"{where}: the start is less than a minute ago")
    return PermanentError(f"{where} answered {status}")


def _lacking(body: bytes) -> str:
    """What a 403 says is missing: scopes, from Zendesk's own vocabulary, or nothing in words."""
    scopes = MISSING_SCOPES.search(body)
    if scopes is None:
        return "the OAuth client lacks a scope or its user the role"
    return f"the OAuth client lacks the scopes {scopes[1].decode().strip()}"


class NotFoundError(PermanentError):
    """There is no record with this id, or no longer."""


class TooRecentError(PermanentError):
    """An export was asked for the newest minute: there is nothing to be had yet."""


def same_origin(url: str, base_url: str) -> bool:
    """Whether `url` has the scheme, host and port of `base_url`."""
    one, other = urlsplit(url), urlsplit(base_url)
    return (one.scheme, one.hostname, one.port) == (other.scheme, other.hostname, other.port)
