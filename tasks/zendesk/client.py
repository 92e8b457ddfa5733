"""Asking Zendesk: authenticated, within its limits, again where it may help.

This is the one owner of retries for calls to Zendesk. Messages name account, path and status;
never a query value or a body.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Self
from urllib.parse import urlsplit

import httpx
import stamina

from tasks.errors import (
    LimitedError,
    NotInPlanError,
    PermanentError,
    RefusedError,
    TransientError,
)
from tasks.http import attempts, http_client, no_answer
from tasks.pausing import pause
from tasks.zendesk.credentials import CredentialStore
from tasks.zendesk.limits import ACCOUNT, Budget, LocalBudget, Permit, Wait
from tasks.zendesk.oauth import TokenProvider, retry_after
from tasks.zendesk.parse import whole_json

ATTEMPTS = 6
TIMEOUT_SECONDS = 600.0
LONGEST_BACKOFF_SECONDS = 30.0
LIMITED = {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE}
MISSING_SCOPES = re.compile(rb"required scopes: ([a-z_:, ]+)")
OnWait = Callable[[float, str], None]
Params = Mapping[str, str | int]


class TooSlowError(TransientError):
    """Zendesk gave up on its own answer (504): a smaller page may come through."""


class ZendeskClient:
    """One account's API. `requests` and `waited_seconds` count what it took."""

    def __init__(
        self,
        http: httpx.Client,
        tokens: TokenProvider,
        *,
        on_wait: OnWait,
        budget: Budget | None = None,
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._on_wait = on_wait
        self._budget = budget or LocalBudget()
        self.requests = 0
        self.waited_seconds = 0.0

    @classmethod
    @contextmanager
    def opened(
        cls,
        base_url: str,
        store: CredentialStore,
        *,
        on_wait: OnWait | None = None,
        budget: Budget | None = None,
    ) -> Iterator[Self]:
        """A client whose connections are closed at the end.

        Without a `budget` that it shares with others, it keeps to one of its own.
        """
        budget = budget or LocalBudget()
        on_wait = on_wait or (lambda *_: None)
        with http_client(base_url) as http, closing(budget):
            yield cls(http, TokenProvider(http, store), on_wait=on_wait, budget=budget)

    @property
    def account(self) -> str:
        """The account as messages name it."""
        return str(self._http.base_url).rstrip("/")

    def check(self) -> None:
        """Asks for one ticket count. Raises: RefusedError, ConfigurationError, TransientError."""
        self.get("/api/v2/tickets/count.json", {})

    def get(self, path: str, params: Params) -> bytes:
        """The JSON body that `path` answers.

        Raises: RefusedError (403, or 404 where the plan lacks it), TooSlowError (504),
        TransientError once six tries over at most ten minutes have failed, PermanentError.
        """
        for attempt in stamina.retry_context(
            on=self._backoff,
            attempts=attempts(ATTEMPTS),
            timeout=TIMEOUT_SECONDS,
            wait_initial=0.5,
            wait_max=LONGEST_BACKOFF_SECONDS,
        ):
            with attempt:
                return self._get_once(path, params)
        raise PermanentError("unreachable: a retry context ends with a return or an exception")

    def authorization(self, refused: str | None = None) -> str:
        """A valid Authorization header, other than `refused`, for requests that others make."""
        return self._tokens.authorization(refused)

    @contextmanager
    def answered(
        self, method: str, url: httpx.URL | str, headers: Mapping[str, str]
    ) -> Iterator[httpx.Response]:
        """The account's answer to a request of another's making, its body yet to be read.

        It spends of the account's budget as every request does. Raises: httpx.HTTPError.
        """
        permit = self._wait_for_budget(httpx.URL(url).path)
        self.requests += 1
        settled = False
        try:
            with self._http.stream(method, url, headers=dict(headers)) as answer:
                self._settle(permit, answer)
                settled = True
                yield answer
        finally:
            if not settled:
                self._budget.settle(permit, None)

    def revoke(self, forget: Callable[[], object] = lambda: None) -> None:
        """Ends the stored token at Zendesk, then does `forget`. Raises: TransientError."""
        self._tokens.revoke(forget)

    def _get_once(self, path: str, params: Params) -> bytes:
        header = self.authorization()
        answer = self._send(path, params, header)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            answer = self._send(path, params, self.authorization(refused=header))
        if not answer.is_success:
            raise _refusal(answer, f"{self.account}{path}")
        try:
            return whole_json(answer.content)
        except ValueError:
            raise TransientError(
                f"{self.account}{path} answered with JSON that is cut off"
            ) from None

    def _send(self, path: str, params: Params, header: str) -> httpx.Response:
        permit = self._wait_for_budget(path)
        self.requests += 1
        try:
            answer = self._http.get(path, params=dict(params), headers={"Authorization": header})
        except httpx.HTTPError as error:
            self._budget.settle(permit, None)
            raise no_answer(f"{self.account}{path}", error) from None
        self._settle(permit, answer)
        return answer

    def _settle(self, permit: Permit, answer: httpx.Response) -> None:
        limited = answer.status_code in LIMITED
        closed_seconds = retry_after(answer) if limited else None
        self._budget.settle(permit, answer.headers, closed_seconds=closed_seconds)

    def _wait_for_budget(self, path: str) -> Permit:
        """The right to one request. Raises: TransientError where budgets are not reachable."""
        while isinstance(got := self._budget.reserve(path), Wait):
            self._note_wait(got.seconds, got.bucket)
            pause(got.seconds)
        return got

    def _backoff(self, error: Exception) -> bool | float:
        """Whether, or after how many seconds, to try again.

        A 504 goes to who chose the page size. What Zendesk asks to wait has closed the budget:
        the next attempt waits for it, and can be broken off meanwhile.
        """
        if not isinstance(error, TransientError) or isinstance(error, TooSlowError):
            return False
        if error.retry_after_seconds is None:
            return True
        if isinstance(error, LimitedError):
            return 0.0
        self._note_wait(error.retry_after_seconds, ACCOUNT)
        return error.retry_after_seconds

    def _note_wait(self, seconds: float, bucket: str) -> None:
        self._on_wait(seconds, bucket)
        self.waited_seconds += seconds


def _refusal(answer: httpx.Response, where: str) -> Exception:
    status = answer.status_code
    if status in LIMITED:
        return LimitedError(f"{where} answered {status}", retry_after_seconds=retry_after(answer))
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
        return "the client lacks a scope or its user the role"
    return f"the client lacks the scopes {scopes[1].decode().strip()}"


class NotFoundError(PermanentError):
    """There is no record with this id, or no longer."""


class TooRecentError(PermanentError):
    """An export was asked for the newest minute: there is nothing to be had yet."""


def same_origin(url: str, base_url: str) -> bool:
    """Whether `url` has the scheme, host and port of `base_url`."""
    one, other = urlsplit(url), urlsplit(base_url)
    return (one.scheme, one.hostname, one.port) == (other.scheme, other.hostname, other.port)
