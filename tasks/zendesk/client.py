"""Asking Zendesk: authenticated, within its limits, again where it may help.

This is the one owner of retries for calls to Zendesk. Messages name account, path and status;
never a query value or a body.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Self
from urllib.parse import urlsplit

import httpx
import msgspec
import stamina

from tasks.errors import PermanentError, RefusedError, TransientError
from tasks.http import http_client
from tasks.zendesk.limits import Limits
from tasks.zendesk.oauth import CredentialStore, TokenProvider

ATTEMPTS = 6
TIMEOUT_SECONDS = 600.0
LONGEST_BACKOFF_SECONDS = 30.0
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
            on=_backoff,
            attempts=ATTEMPTS,
            timeout=TIMEOUT_SECONDS,
            wait_initial=0.5,
            wait_max=LONGEST_BACKOFF_SECONDS,
        ):
            with attempt:
                return self._get_once(path, params)
        raise PermanentError("unreachable: a retry context ends with a return or an exception")

    def bearer(self) -> str:
        """A valid access token, for requests that this client does not make itself."""
        return self._tokens.token()

    def _get_once(self, path: str, params: Params) -> bytes:
        token = self._tokens.token()
        answer = self._send(path, params, token)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            answer = self._send(path, params, self._tokens.renewed(token))
        if answer.is_success:
            return _whole_json(answer, f"{self.account}{path}")
        raise _refusal(answer, f"{self.account}{path}")

    def _send(self, path: str, params: Params, token: str) -> httpx.Response:
        self._wait_for_budget(path)
        self.requests += 1
        try:
            answer = self._http.get(
                path, params=dict(params), headers={"Authorization": f"Bearer {token}"}
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
            self._on_wait(seconds, bucket)
            self.waited_seconds += seconds
            time.sleep(seconds)


def _backoff(error: Exception) -> bool | float:
    """Whether, or after how many seconds, to try again. A 504 goes to who chose the page size."""
    if not isinstance(error, TransientError) or isinstance(error, TooSlowError):
        return False
    return True if error.retry_after_seconds is None else error.retry_after_seconds


def _whole_json(answer: httpx.Response, where: str) -> bytes:
    """The body, if it is JSON to its end: a page cut off must not pass for a short one."""
    body = answer.content
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except msgspec.MsgspecError:
        raise TransientError(f"{where} answered with JSON that is cut off") from None
    return body


def _refusal(answer: httpx.Response, where: str) -> Exception:
    status = answer.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS or status == httpx.codes.SERVICE_UNAVAILABLE:
        after = answer.headers.get("retry-after", "")
        return TransientError(
            f"{where} answered {status}",
            retry_after_seconds=float(after) if after.isdigit() else None,
        )
    if status == httpx.codes.GATEWAY_TIMEOUT:
        return TooSlowError(f"{where} answered 504")
    if status >= 500:
        return TransientError(f"{where} answered {status}")
    if status == httpx.codes.FORBIDDEN:
        return RefusedError(f"{where} is forbidden: the OAuth client lacks a scope or the role")
    if status == httpx.codes.NOT_FOUND:
        return RefusedError(f"{where} is not there: not in this account's plan, or gone")
    if status == httpx.codes.UNPROCESSABLE_ENTITY and b"Too recent" in answer.content:
        return TooRecentError(f"{where}: the start is less than a minute ago")
    return PermanentError(f"{where} answered {status}")


class TooRecentError(PermanentError):
    """An export was asked for the newest minute: there is nothing to be had yet."""


def same_origin(url: str, base_url: str) -> bool:
    """Whether `url` has the scheme, host and port of `base_url`."""
    one, other = urlsplit(url), urlsplit(base_url)
    return (one.scheme, one.hostname, one.port) == (other.scheme, other.hostname, other.port)
