"""What goes wrong between us and the server, as our errors.

Messages name capability, model and status: never a word of what was asked or answered, which hold
customers' words.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Literal

import openai
from pydantic import ValidationError

from tasks.errors import (
    ConfigurationError,
    LimitedError,
    NotInPlanError,
    PermanentError,
    RefusedError,
    TransientError,
    VensorError,
)
from tasks.http import no_answer
from tasks.openai.flags import WORDS, Flag

Reason = Literal["refusal", "length", "content_filter", "malformed"]
# A status without the endpoint, and one of what a server says of a part that it does not know.
ABSENT = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
UNKNOWN = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY}
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
LONGEST_WAIT_SECONDS = 300.0


class NoAnswerError(PermanentError):
    """The model would not answer, was broken off, or answered something else: try no more."""

    def __init__(self, who: str, *, reason: Reason) -> None:
        super().__init__(f"{who} gave no answer: {reason}")
        self.reason = reason


class NotOfferedError(NotInPlanError):
    """The server does not have `flag`; it is noted, so that the next way can be tried."""

    def __init__(self, who: str, flag: Flag) -> None:
        super().__init__(f"{who}: the server does not offer {flag.value}")
        self.flag = flag


def translated(error: Exception, who: str, uses: Flag | None) -> VensorError:
    """`error` as ours; `uses` is what the request needs that not every server has."""
    if isinstance(error, VensorError):
        return error
    if isinstance(error, openai.APIStatusError):
        return _refused(error, who, uses)
    if isinstance(error, openai.APIConnectionError):
        return no_answer(who, error)
    if isinstance(error, openai.LengthFinishReasonError):
        return NoAnswerError(who, reason="length")
    if isinstance(error, openai.ContentFilterFinishReasonError):
        return NoAnswerError(who, reason="content_filter")
    if isinstance(error, ValidationError):
        return NoAnswerError(who, reason="malformed")
    if isinstance(error, ValueError):
        return TransientError(f"{who} answered with JSON that is cut off")
    return PermanentError(f"{who} failed ({type(error).__name__})")


def _refused(error: openai.APIStatusError, who: str, uses: Flag | None) -> VensorError:
    status = error.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _limited(error, who)
    if (status >= 500 and status != HTTPStatus.NOT_IMPLEMENTED) or status in PASSING:
        wait = retry_seconds(error.response.headers, limited=False)
        return TransientError(f"{who} answered {status}", retry_after_seconds=wait)
    if status == HTTPStatus.UNAUTHORIZED:
        return ConfigurationError(f"{who}: OPENAI_API_KEY is not accepted")
    if status == HTTPStatus.FORBIDDEN:
        return RefusedError(f"{who} is forbidden to this OPENAI_API_KEY")
    if error.code == "model_not_found":
        return ConfigurationError(f"{who}: no such model there; choose one with `vensor ai use`")
    if error.code in {"content_filter", "content_policy_violation"}:
        return NoAnswerError(who, reason="content_filter")
    if uses is not None and _lacks(error, uses):
        return NotOfferedError(who, uses)
    return PermanentError(f"{who} answered {status}")


def _limited(error: openai.APIStatusError, who: str) -> VensorError:
    if error.code == "insufficient_quota":
        return RefusedError(f"{who}: the quota of this OPENAI_API_KEY is used up; see its billing")
    wait = retry_seconds(error.response.headers, limited=True)
    return LimitedError(f"{who} answered 429", retry_after_seconds=wait)


def _lacks(error: openai.APIStatusError, flag: Flag) -> bool:
    if error.status_code in ABSENT:
        return True
    told = f"{error.param or ''} {error.message}".lower()
    return error.status_code in UNKNOWN and any(word in told for word in WORDS[flag])


def retry_seconds(headers: Mapping[str, str], *, limited: bool) -> float | None:
    """How long the server asks to stay away, at most five minutes; None where it does not say.

    `retry-after-ms` and `retry-after` in seconds come first; a 429 without them has in
    `x-ratelimit-reset-*` when what is used up fills again.
    """
    for name, seconds in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        told = headers.get(name, "")
        if re.fullmatch(r"\d+(\.\d+)?", told):
            return min(float(told) * seconds, LONGEST_WAIT_SECONDS)
    if not limited:
        return None
    resets = [
        _seconds(headers.get(f"x-ratelimit-reset-{what}", ""))
        for what in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{what}", "0") == "0"
    ]
    return min(max(resets, default=0.0), LONGEST_WAIT_SECONDS) or None


def _seconds(told: str) -> float:
    """The seconds of a duration such as "6m0s" or "120ms"."""
    return sum(float(number) * UNIT_SECONDS[unit] for number, unit in DURATION.findall(told))
