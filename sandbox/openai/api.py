"""The OpenAI-compatible routes: the key, the minute's budget, then the endpoint."""

import asyncio
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable
from functools import partial
from threading import Lock
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.openai import errors
from sandbox.openai.answers import chat, respond
from sandbox.openai.audio import parse_parts, transcribe
from sandbox.openai.batches import Batches
from sandbox.openai.embeddings import SIZES, embed
from sandbox.openai.errors import OpenAIRefusal
from sandbox.state import State
from sandbox.zendesk.limits import Bucket

CHAT_MODELS = frozenset(
    {"gpt-6-luna", "gpt-5", "gpt-5-mini", "gpt-5-nano", "gpt-4o", "gpt-4o-mini"}
)
AUDIO_MODELS = frozenset(
    {"gpt-transcribe", "whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe"}
)
MODERATION_MODELS = frozenset({"omni-moderation-latest"})
MODELS = CHAT_MODELS | AUDIO_MODELS | MODERATION_MODELS | frozenset(SIZES)
CATEGORIES = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit",
    "illicit/violent", "self-harm", "self-harm/instructions", "self-harm/intent", "sexual",
    "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip
TOKENS_PER_MINUTE = 2_000_000
SINCE = 1_760_000_000
Told = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Told | str]]


class Pace(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How slow the server and its batches are, and how many requests it takes at once; 0: any."""

    latency_seconds: float = 0.0
    most_at_once: int = 0
    retry_after: int = 1
    batch_seconds: float = 0.0


class OpenAI:
    """One project with one key."""

    def __init__(self, state: State, *, per_minute: int) -> None:
        self.pace = Pace()
        self._at_once = 0
        self._key = state.secret("openai:api_key")
        self._bucket = Bucket(per_minute)
        self._lock = Lock()
        self._batches = Batches(
            {
                f"/v1{path}": partial(_made, make, models)
                for path, make, models in (
                    ("/embeddings", embed, frozenset(SIZES)),
                    ("/chat/completions", chat, CHAT_MODELS),
                    ("/responses", respond, CHAT_MODELS),
                )
            },
            lambda: self.pace.batch_seconds,
        )

    def routes(self) -> list[Route]:
        """The routes below ``/openai/v1``."""
        table: tuple[tuple[str, str, Endpoint], ...] = (
            ("POST", "/embeddings", _json_endpoint(embed, frozenset(SIZES))),
            ("POST", "/chat/completions", _json_endpoint(chat, CHAT_MODELS)),
            ("POST", "/responses", _json_endpoint(respond, CHAT_MODELS)),
            ("POST", "/moderations", _json_endpoint(_moderate, MODERATION_MODELS)),
            ("POST", "/audio/transcriptions", _audio),
            ("GET", "/models", _models),
            ("GET", "/models/{model}", _model),
            *_batch_routes(self._batches),
        )
        return [
            Route(path, self._guarded(endpoint), methods=[verb]) for verb, path, endpoint in table
        ]

    def _guarded(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            headers = {
                "x-request-id": f"req_{secrets.token_hex(16)}",
                "openai-version": "2020-10-01",
            }
            began = time.monotonic()
            self._at_once += 1
            try:
                self._authenticate(request)
                if 0 < self.pace.most_at_once < self._at_once:
                    waits = {"retry-after": str(self.pace.retry_after)}
                    return _answer(errors.too_many().body, 429, headers | waits)
                headers |= self._spend()
                told = await endpoint(request)
                await asyncio.sleep(self.pace.latency_seconds)
            except OpenAIRefusal as refusal:
                return _answer(refusal.body, refusal.status, headers | _wait(refusal, self._bucket))
            finally:
                self._at_once -= 1
            headers["openai-processing-ms"] = str(int((time.monotonic() - began) * 1000))
            return _answer(told, 200, headers)

        return guarded

    def _authenticate(self, request: Request) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._key.encode()):
            raise errors.wrong_key()

    def _spend(self) -> dict[str, str]:
        """The rate-limit headers after this request. Raises: OpenAIRefusal."""
        now = time.monotonic()
        with self._lock:
            if not self._bucket.take(now):
                raise errors.too_many()
            left = f"{self._bucket.seconds_left(now)}s"
            return {
                "x-ratelimit-limit-requests": str(self._bucket.limit),
                "x-ratelimit-remaining-requests": str(self._bucket.remaining),
                "x-ratelimit-reset-requests": left,
                "x-ratelimit-limit-tokens": str(TOKENS_PER_MINUTE),
                "x-ratelimit-remaining-tokens": str(TOKENS_PER_MINUTE),
                "x-ratelimit-reset-tokens": "0s",
            }


def _wait(refusal: OpenAIRefusal, bucket: Bucket) -> dict[str, str]:
    if refusal.status != 429:
        return {}
    seconds = bucket.seconds_left(time.monotonic())
    return {"retry-after": str(seconds), "x-ratelimit-remaining-requests": "0"}


def _json_endpoint(make: Callable[[Told], Told], models: frozenset[str]) -> Endpoint:
    async def endpoint(request: Request) -> Told:
        return await run_in_threadpool(_made, make, models, await _object(request))

    return endpoint


def _made(make: Callable[[Told], Told], models: frozenset[str], told: Told) -> Told:
    _check_model(told.setdefault("model", _only(models)), models)
    return make(told)


async def _object(request: Request) -> Told:
    try:
        return msgspec.json.decode(await request.body(), type=Told)
    except msgspec.MsgspecError as exc:
        raise errors.invalid("The body is not a JSON object.") from exc


def _batch_routes(batches: Batches) -> tuple[tuple[str, str, Endpoint], ...]:
    async def upload(request: Request) -> Told:
        kind = request.headers.get("content-type", "")
        return batches.upload(await request.body(), kind)

    async def create(request: Request) -> Told:
        return batches.create(await _object(request))

    async def listed(_request: Request) -> Told:
        return batches.list()

    async def retrieve(request: Request) -> Told:
        return await run_in_threadpool(batches.retrieve, request.path_params["id"])

    async def file(request: Request) -> Told:
        return batches.file(request.path_params["id"])

    async def content(request: Request) -> str:
        return batches.content(request.path_params["id"])

    async def delete(request: Request) -> Told:
        return batches.delete(request.path_params["id"])

    return (
        ("POST", "/files", upload),
        ("GET", "/files/{id}", file),
        ("GET", "/files/{id}/content", content),
        ("DELETE", "/files/{id}", delete),
        ("POST", "/batches", create),
        ("GET", "/batches", listed),
        ("GET", "/batches/{id}", retrieve),
    )


def _only(models: frozenset[str]) -> str | None:
    return next(iter(models)) if len(models) == 1 else None


def _check_model(name: object, models: frozenset[str]) -> str:
    if not isinstance(name, str) or not name:
        raise errors.invalid("you must provide a model parameter", "model")
    if name not in MODELS:
        raise errors.no_model(name)
    if name not in models:
        raise errors.invalid(f"{name} cannot be used here.", "model")
    return name


async def _audio(request: Request) -> Told | str:
    parts = parse_parts(await request.body(), request.headers.get("content-type", ""))
    named = parts.get("model")
    model = _check_model(named.content.decode() if named else None, AUDIO_MODELS)
    return await run_in_threadpool(transcribe, parts, model)


def _moderate(told: Told) -> Told:
    asked = told.get("input")
    if not asked or not isinstance(asked, str | list):
        raise errors.invalid("Missing required parameter: 'input'.", "input")
    texts = asked if isinstance(asked, list) else [asked]
    result = {
        "flagged": False,
        "categories": dict.fromkeys(CATEGORIES, False),
        "category_scores": dict.fromkeys(CATEGORIES, 0.0001),
        "category_applied_input_types": {name: ["text"] for name in CATEGORIES},
    }
    return {
        "id": f"modr-{secrets.token_hex(8)}",
        "model": told["model"],
        "results": [result] * len(texts),
    }


async def _models(_request: Request) -> Told:
    return {"object": "list", "data": [_model_shape(name) for name in sorted(MODELS)]}


async def _model(request: Request) -> Told:
    name = request.path_params["model"]
    if name not in MODELS:
        raise errors.no_model(name)
    return _model_shape(name)


def _model_shape(name: str) -> Told:
    return {"id": name, "object": "model", "created": SINCE, "owned_by": "system"}


def _answer(told: Told | str, status: int, headers: dict[str, str]) -> Response:
    if isinstance(told, str):
        return Response(told, status, headers, media_type="text/plain; charset=utf-8")
    return Response(msgspec.json.encode(told), status, headers, media_type="application/json")
