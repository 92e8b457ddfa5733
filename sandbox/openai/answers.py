"""Chat completions and responses: a conforming value where a schema is given, else a sentence."""

import time
from typing import Any

import msgspec

from sandbox.openai.embeddings import tokens_in
from sandbox.openai.errors import invalid
from sandbox.openai.schema import check_schema, instance_of
from sandbox.world.hashing import salt_of

ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})
PLAIN = "This is the sandbox's answer."
Told = dict[str, Any]


def chat(told: Told) -> Told:
    """The answer to ``POST /chat/completions``. Raises: OpenAIRefusal."""
    messages = _spoken(told.get("messages"), "messages")
    if told.get("stream"):
        raise invalid("The sandbox does not stream.", "stream")
    text = _written(told.get("response_format"), "response_format", messages)
    spent, answered = tokens_in(messages), tokens_in(text)
    message: Told = {"role": "assistant", "content": text, "refusal": None, "annotations": []}
    return {
        "id": _id("chatcmpl-", messages),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": told["model"],
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": spent, "completion_tokens": answered,
            "total_tokens": spent + answered, "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
        "service_tier": "default",
    }  # fmt: skip


def respond(told: Told) -> Told:
    """The answer to ``POST /responses``. Raises: OpenAIRefusal."""
    asked = told.get("input")
    spoken = asked if isinstance(asked, str) and asked else _spoken(asked, "input")
    if told.get("stream"):
        raise invalid("The sandbox does not stream.", "stream")
    form = (told.get("text") or {}).get("format")
    text = _written(form, "text.format", f"{told.get('instructions') or ''}{spoken}")
    spent, answered = tokens_in(spoken), tokens_in(text)
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    message = {"type": "message", "id": _id("msg_", spoken), "status": "completed"}
    return {
        "id": _id("resp_", spoken), "object": "response", "created_at": int(time.time()),
        "status": "completed", "error": None, "incomplete_details": None,
        "instructions": told.get("instructions"), "metadata": told.get("metadata") or {},
        "model": told["model"], "output": [message | {"role": "assistant", "content": [part]}],
        "parallel_tool_calls": True, "temperature": 1.0, "top_p": 1.0, "tools": [],
        "tool_choice": "auto", "store": bool(told.get("store", True)),
        "text": {"format": form or {"type": "text"}},
        "usage": {
            "input_tokens": spent, "output_tokens": answered, "total_tokens": spent + answered,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        },
    }  # fmt: skip


def _spoken(messages: object, param: str) -> str:
    """The messages as one text."""
    if not isinstance(messages, list) or not messages:
        raise invalid(f"Missing required parameter: '{param}'.", param)
    for at, one in enumerate(messages):
        if not isinstance(one, dict) or one.get("role") not in ROLES or "content" not in one:
            raise invalid(f"{param}[{at}] needs a role and content.", f"{param}[{at}]")
    return msgspec.json.encode(messages).decode()


def _written(form: object, param: str, prompt: str) -> str:
    """The text of the answer, in the form asked for."""
    if form is None:
        return PLAIN
    if not isinstance(form, dict):
        raise invalid(f"Invalid type for '{param}'.", param)
    kind = form.get("type")
    if kind == "text":
        return PLAIN
    if kind == "json_object":
        if "json" not in prompt.lower():
            raise invalid("'messages' must contain the word 'json' to use json_object.", param)
        return msgspec.json.encode({"answer": PLAIN}).decode()
    if kind != "json_schema":
        raise invalid(f"Invalid value: '{kind}'.", f"{param}.type", "invalid_value")
    told = form.get("json_schema", {}) if param == "response_format" else form
    place = f"{param}.json_schema" if param == "response_format" else param
    if not isinstance(told, dict):
        raise invalid(f"Missing required parameter: '{place}'.", place)
    return msgspec.json.encode(instance_of(check_schema(told, place), prompt)).decode()


def _id(prefix: str, prompt: str) -> str:
    return f"{prefix}{salt_of('id', prompt, time.time_ns()):016x}"
