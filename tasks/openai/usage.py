"""What an answer cost in units, and whether it is one."""

from dataclasses import dataclass, field
from typing import Any

from tasks.openai.failures import NoAnswerError


@dataclass(frozen=True)
class Usage:
    """The units of one call; None where the server does not count them.

    Of `input_tokens`, `cached_tokens` were read from the prompt cache, `cache_write_tokens` put
    into it. `latency_ms` is how long the answer took, by our own clock; None for one of a batch.
    """

    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    audio_seconds: float | None = None
    cache_write_tokens: int | None = None
    latency_ms: float | None = field(default=None, compare=False)


def usage_of(answer: object) -> Usage:
    """The usage that an answer of any endpoint carries, as an object or as it came in JSON."""
    told = _of(answer, "usage")
    details = _of(told, "prompt_tokens_details", "input_tokens_details")
    return Usage(
        input_tokens=_of(told, "prompt_tokens", "input_tokens"),
        cached_tokens=_of(details, "cached_tokens"),
        output_tokens=_of(told, "completion_tokens", "output_tokens"),
        audio_seconds=_of(told, "seconds"),
        cache_write_tokens=_of(details, "cache_write_tokens"),
    )


def check_answered(answer: object, who: str) -> None:
    """Raises: NoAnswerError for a refusal and for an answer that was broken off."""
    for choice in getattr(answer, "choices", None) or ():
        if choice.finish_reason in {"length", "content_filter"}:
            raise NoAnswerError(who, reason=choice.finish_reason)
        if getattr(choice.message, "refusal", None):
            raise NoAnswerError(who, reason="refusal")
    _check_response(answer, who)


def _check_response(answer: Any, who: str) -> None:
    incomplete = getattr(answer, "incomplete_details", None)
    if incomplete is not None:
        filtered = getattr(incomplete, "reason", None) == "content_filter"
        raise NoAnswerError(who, reason="content_filter" if filtered else "length")
    for item in getattr(answer, "output", None) or ():
        if any(part.type == "refusal" for part in getattr(item, "content", None) or ()):
            raise NoAnswerError(who, reason="refusal")


def _of(told: Any, *names: str) -> Any:
    """The first of these fields that is there, or None."""
    found = (told.get(one) if isinstance(told, dict) else getattr(told, one, None) for one in names)
    return next((one for one in found if one is not None), None)
