"""Answers that go wrong: refusals in each peer's own form, and pages that do not advance."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import msgspec

from sandbox.faults import Seen
from sandbox.zendesk import errors

Headers = list[tuple[bytes, bytes]]
GARBAGE = b"<html><head><title>Just a moment...</title></head><body>Checking.</body></html>"
SORRY = "I'm sorry, I can't help with that."
OPENAI_TYPES = {401: "invalid_request_error", 429: "requests"}


def refusal(path: str, status: int, retry_after: int) -> tuple[int, Headers, bytes]:
    """Status, headers and body of a refusal, as the peer under the path words it."""
    headers = [(b"content-type", b"application/json; charset=utf-8")]
    if status == 429:
        headers.append((b"retry-after", str(retry_after).encode()))
    if path.startswith("/slack"):
        status, body = _slack(status)
    elif path.startswith("/openai"):
        body = _openai(status)
    else:
        body = _zendesk(status)
    return status, headers, msgspec.json.encode(body)


def _zendesk(status: int) -> dict[str, Any]:
    if status == 429:
        return errors.too_many(0).body
    return {"error": "InternalError", "description": f"The server answered {status}"}


def _slack(status: int) -> tuple[int, dict[str, Any]]:
    if status == 401:
        return 200, {"ok": False, "error": "token_expired"}
    return status, {"ok": False, "error": "ratelimited" if status == 429 else "internal_error"}


def _openai(status: int) -> dict[str, Any]:
    kind = OPENAI_TYPES.get(status, "server_error")
    code = {401: "invalid_api_key", 429: "rate_limit_exceeded"}.get(status)
    return {"error": {"message": "Fault", "type": kind, "param": None, "code": code}}


def repeat_position(body: bytes, seen: Seen) -> bytes:
    """The page, with the request's own position as the next one."""
    told = msgspec.json.decode(body)
    query = {name: values[-1] for name, values in parse_qs(seen.query).items()}
    again = f"?{seen.query}"
    if "after_cursor" in told:
        url = f"{str(told['after_url']).partition('?')[0]}{again}"
        told |= {"after_cursor": query["cursor"], "after_url": url, "end_of_stream": False}
    elif "meta" in told:
        told["meta"] |= {"after_cursor": query.get("page[after]"), "has_more": True}
        told["links"]["next"] = f"{str(told['links']['next']).partition('?')[0]}{again}"
    elif "next_page" in told and "start_time" in query:
        url = f"{str(told['next_page']).partition('?')[0]}{again}"
        told |= {"next_page": url, "end_time": int(query["start_time"])}
        if "end_of_stream" in told:
            told["end_of_stream"] = False
    return msgspec.json.encode(told)


def _garbage(_body: bytes, _seen: Seen) -> bytes:
    return GARBAGE


def _duplicate(body: bytes, _seen: Seen) -> bytes:
    """The page with each of its records twice, and counting them so."""
    told = msgspec.json.decode(body)
    for name, value in told.items():
        if isinstance(value, list):
            told[name] = value * 2
    if isinstance(told.get("count"), int):
        told["count"] *= 2
    return msgspec.json.encode(told)


def _refused(body: bytes, _seen: Seen) -> bytes:
    """The model's answer as a refusal, in either API's form."""
    told = msgspec.json.decode(body)
    for choice in told.get("choices", ()):
        choice["message"] |= {"content": None, "refusal": SORRY}
    for message in told.get("output", ()):
        message["content"] = [{"type": "refusal", "refusal": SORRY}]
    return msgspec.json.encode(told)


def _no_json(body: bytes, _seen: Seen) -> bytes:
    """The model's answer cut in its middle, while the answer around it is whole."""
    return _with_words(body, lambda text: text[: len(text) // 2])


def _fewer(body: bytes, _seen: Seen) -> bytes:
    """An answer less: the last vector, or the last field of a model's answer, is left out."""
    told = msgspec.json.decode(body)
    if told.get("object") == "list":
        told["data"] = told["data"][:-1]
        return msgspec.json.encode(told)
    return _with_words(body, _without_last)


def _without_last(text: str) -> str:
    told = msgspec.json.decode(text)
    if isinstance(told, dict) and told:
        told.popitem()
    return msgspec.json.encode(told).decode()


def _with_words(body: bytes, change: Callable[[str], str]) -> bytes:
    told = msgspec.json.decode(body)
    for choice in told.get("choices", ()):
        choice["message"]["content"] = change(choice["message"]["content"])
    for message in told.get("output", ()):
        for part in message["content"]:
            part["text"] = change(part["text"])
    return msgspec.json.encode(told)


SPOILT: dict[str, Callable[[bytes, Seen], bytes]] = {
    "repeat_cursor": repeat_position,
    "garbage": _garbage,
    "duplicate_page": _duplicate,
    "refusal": _refused,
    "no_json": _no_json,
    "fewer_answers": _fewer,
}
