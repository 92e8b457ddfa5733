"""Asking an OpenAI-compatible server: many calls at once, again where it may help.

This is the one owner of retries for it. Nothing that names a customer goes with a request: no
`user`, no `metadata`, and `store=False` wherever the API has it, which is the caller's to pass.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, ContextVar
from dataclasses import dataclass, replace
from random import SystemRandom
from typing import Literal, Self, TypeVar

import httpx2
import openai
import stamina

from tasks.errors import ConfigurationError, PermanentError, TransientError
from tasks.http import attempts
from tasks.openai.client import open_client
from tasks.openai.failures import ABSENT, NoAnswerError, NotOfferedError, translated
from tasks.openai.flags import Flag, Flags, flags_of
from tasks.openai.gate import Gate
from tasks.openai.usage import Usage, check_answered, usage_of
from tasks.pausing import abandoning
from tasks.settings import Settings

T = TypeVar("T")
K = TypeVar("K")
Capability = Literal["transcribe", "embed", "analyse"]
SPREAD = SystemRandom()
SPREAD_SECONDS = 0.2
ATTEMPTS = 8
TIMEOUT_SECONDS = 600.0
LONGEST_BACKOFF_SECONDS = 30.0
# Calls that are under way or answered while the first of them is still waited for.
AHEAD = 2
ENDPOINTS = {"/responses": Flag.RESPONSES, "/audio/transcriptions": Flag.TRANSCRIPTIONS}
# The answer to this thread's request, for its usage where the library only raises.
_answer: ContextVar[httpx2.Response | None] = ContextVar("answer", default=None)


@dataclass(frozen=True)
class Call:
    """What one request is for: ids and sizes, never its words.

    `items` counts texts, segments or tickets; `uses` is what not every server offers: a refusal of
    it is remembered, and raises NotOfferedError unless the operation `falls_back`, which asks for
    less where the flags say so. `price_share` is what is paid of the price: batches cost half.
    """

    capability: Capability
    model: str
    ticket_ids: tuple[int, ...]
    items: int
    payload_bytes: int
    audio_seconds: float | None = None
    uses: Flag | None = None
    falls_back: bool = False
    price_share: float = 1.0


Before = Callable[[Call], None]
After = Callable[[Call, Usage], None]
Operation = Callable[[openai.OpenAI], T]


def openai_service(
    settings: Settings, *, before: Before | None = None, after: After | None = None
) -> "OpenAIService":
    """The service that the settings name. Raises: ConfigurationError."""
    client = open_client(settings, on_answer=_answer.set)
    return OpenAIService(
        client,
        flags=flags_of(settings.openai_base_url, settings.openai_flags),
        concurrency=settings.openai_concurrency,
        before=before or (lambda _call: None),
        after=after or (lambda _call, _usage: None),
    )


class OpenAIService:
    """One server. `before` runs before a call's bytes leave and may refuse by raising; `after` gets
    what was spent, also for an answer that is of no use. `concurrency` calls run at once.
    """

    def __init__(
        self,
        client: openai.OpenAI,
        *,
        flags: Flags,
        concurrency: int,
        before: Before,
        after: After,
    ) -> None:
        self._client = client
        self._concurrency = concurrency
        self._before = before
        self._after = after
        self._gate = Gate()
        self.flags = flags

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes its connections."""
        self._client.close()

    def call(self, work: Call, operation: Operation[T]) -> T:
        """What `operation` returns: the SDK's answer as it is, so that its usage can be read.

        Raises: NoAnswerError (a refusal, an answer broken off or malformed), NotOfferedError,
        TransientError once eight tries over at most ten minutes have failed, PermanentError.
        """
        self._before(work)
        return self._ask(work, operation)

    def hand_over(self, work: Call, operation: Operation[T]) -> T:
        """As `call`, for what is answered later: `note` then says what it took."""
        self._before(work)
        return self.ask(work, operation)

    def ask(self, work: Call, operation: Operation[T]) -> T:
        """As `call`, for what holds nothing of anyone and costs nothing: no hook runs."""
        return self._ask(work, operation, noted=False)

    def note(self, work: Call, usage: Usage) -> None:
        """Tells `after` what a batch took, which no answer of this service did."""
        self._after(work, usage)

    def map(self, calls: Iterable[tuple[Call, Operation[T]]]) -> Iterator[T]:
        """What each call returns, in the given order, many at once. Raises: as `call`."""
        for outcome in self.outcomes(calls):
            if isinstance(outcome, NoAnswerError):
                raise outcome
            yield outcome

    def outcomes(self, calls: Iterable[tuple[Call, Operation[T]]]) -> Iterator[T | NoAnswerError]:
        """As `map`, with a NoAnswerError in place of an answer that there is not.

        `calls` is read as they are sent. Where `before` refuses one, those before it are still
        answered: what is paid for is not lost.
        """
        ahead: deque[Future[T | NoAnswerError]] = deque()
        with (
            ThreadPoolExecutor(self._concurrency, thread_name_prefix="openai") as executor,
            abandoning() as context,
        ):
            try:
                for work, operation in calls:
                    try:
                        self._before(work)
                    except Exception:
                        yield from _drained(ahead)
                        raise
                    ahead.append(_submit(executor, context, self._settled, work, operation))
                    if len(ahead) >= AHEAD * self._concurrency:
                        yield ahead.popleft().result()
                yield from _drained(ahead)
            finally:
                for future in ahead:
                    future.cancel()

    def probe(self) -> None:
        """Finds out which endpoints there are by requests that are refused for what they lack.

        Raises: ConfigurationError where the key is not accepted, TransientError.
        """
        for path, flag in ENDPOINTS.items():
            if not self.flags.has(flag):
                continue
            try:
                self._client.post(path, cast_to=object, body={})
            except openai.APIStatusError as error:
                ours = translated(error, path, flag)
                if isinstance(ours, ConfigurationError | TransientError):
                    raise ours from None
                if error.status_code in ABSENT:
                    self.flags.lack(flag)
            except openai.APIConnectionError as error:
                raise translated(error, path, flag) from None

    def grouped(
        self, groups: Iterable[tuple[K, Iterable[tuple[Call, Operation[T]]]]]
    ) -> Iterator[tuple[K, list[T | NoAnswerError]]]:
        """For each group in turn its key and the outcomes of its calls, of which there may be none.

        Calls of several groups are under way at once; groups are read as their calls are sent.
        """
        ahead: deque[tuple[K, int]] = deque()

        def calls() -> Iterator[tuple[Call, Operation[T]]]:
            for key, asked in groups:
                ready = list(asked)
                ahead.append((key, len(ready)))
                yield from ready

        found: list[T | NoAnswerError] = []
        for outcome in self.outcomes(calls()):
            while not ahead[0][1]:
                yield ahead.popleft()[0], []
            found.append(outcome)
            if len(found) == ahead[0][1]:
                yield ahead.popleft()[0], found
                found = []
        while ahead:
            yield ahead.popleft()[0], []

    def _settled(self, work: Call, operation: Operation[T]) -> T | NoAnswerError:
        try:
            return self._ask(work, operation)
        except NoAnswerError as error:
            return error

    def _ask(self, work: Call, operation: Operation[T], *, noted: bool = True) -> T:
        for attempt in stamina.retry_context(
            on=self._backoff,
            attempts=attempts(ATTEMPTS),
            timeout=TIMEOUT_SECONDS,
            wait_initial=0.5,
            wait_max=LONGEST_BACKOFF_SECONDS,
        ):
            with attempt:
                self._gate.wait()
                return self._ask_once(work, operation, noted=noted)
        raise PermanentError("unreachable: a retry context ends with a return or an exception")

    def _ask_once(
        self, work: Call, operation: Operation[T], *, again: bool = True, noted: bool = True
    ) -> T:
        who = f"{work.capability} with {work.model}"
        _answer.set(None)
        asked_at = time.monotonic()
        try:
            answer = operation(self._client)
        except Exception as error:
            self._note_paid(work, asked_at)
            ours = translated(error, who, work.uses)
            if isinstance(ours, NotOfferedError):
                self.flags.lack(ours.flag)
                if work.falls_back and again:
                    return self._ask_once(work, operation, again=False)
            raise ours from None
        finally:
            _answer.set(None)
        if noted:
            self._after(work, _timed(answer, asked_at))
        check_answered(answer, who)
        return answer

    def _note_paid(self, work: Call, asked_at: float) -> None:
        """An answer that the library cannot read, or that was broken off, is paid for as well."""
        answer = _answer.get()
        if answer is None or not answer.is_success:
            return
        try:
            told = answer.json()
        except (ValueError, httpx2.StreamError):
            return  # cut off: what it took does not stand in it
        self._after(work, _timed(told, asked_at))

    def _backoff(self, error: Exception) -> bool | float:
        """Whether, or after how many seconds, to try again.

        What the server asks to wait closes the gate for every call, and can be broken off. Those
        who waited do not come back in the same instant.
        """
        if not isinstance(error, TransientError):
            return False
        if error.retry_after_seconds is None:
            return True
        self._gate.close(error.retry_after_seconds)
        return SPREAD.uniform(0, SPREAD_SECONDS)


def _timed(answer: object, asked_at: float) -> Usage:
    """What an answer took, with how long it did: asked at this instant of the monotonic clock."""
    return replace(usage_of(answer), latency_ms=(time.monotonic() - asked_at) * 1000)


def _submit(
    executor: ThreadPoolExecutor,
    context: Context,
    ask: Callable[[Call, Operation[T]], T | NoAnswerError],
    work: Call,
    operation: Operation[T],
) -> "Future[T | NoAnswerError]":
    """In a copy of the context: two threads cannot be in one."""
    return executor.submit(context.copy().run, ask, work, operation)


def _drained(ahead: "deque[Future[T]]") -> Iterator[T]:
    while ahead:
        yield ahead.popleft().result()
