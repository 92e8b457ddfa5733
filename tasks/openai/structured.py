"""Structured answers: one question in the best form that a server knows.

What people wrote goes into `data`, fenced: JSON between marks that its author cannot have known.
"""

import secrets
from dataclasses import dataclass
from typing import Any

import msgspec
import openai

from tasks.openai.flags import Flag

# How to ask for a structured answer, best first.
WAYS = (Flag.RESPONSES, Flag.JSON_SCHEMA, Flag.JSON_OBJECT)
NONCE_BYTES = 16
Body = dict[str, Any]


@dataclass(frozen=True, repr=False)
class Question:
    """What is asked: `rules` and `schema` of the answer, the same for many tickets, then `data`."""

    name: str
    rules: str
    data: str
    schema: Body

    def body(self, way: Flag | None, *, model: str, cache_key: str | None = None) -> Body:
        """The body of the request; nothing of it is to be stored, and no tool is offered."""
        head: Body = {"model": model, "store": False}
        if cache_key is not None:
            head["prompt_cache_key"] = cache_key
        form = {"name": self.name, "schema": self.schema, "strict": True}
        if way is Flag.RESPONSES:
            return head | {
                "instructions": self.rules,
                "input": [{"role": "user", "content": self.data}],
                "text": {"format": {"type": "json_schema", **form}},
            }
        if way is Flag.JSON_SCHEMA:
            return head | self._chat(self.rules, {"type": "json_schema", "json_schema": form})
        schema = msgspec.json.encode(self.schema).decode()
        rules = f"{self.rules}\n\nThe form, as JSON schema:\n{schema}"
        return head | self._chat(rules, {"type": "json_object"})

    def _chat(self, rules: str, form: Body) -> Body:
        messages = [
            {"role": "system", "content": rules},
            {"role": "user", "content": self.data},
        ]
        return {"messages": messages, "response_format": form}


def fenced(told: object) -> str:
    """`told` as JSON between marks that are new for each request.

    JSON escapes line ends: nothing in it can stand on a line of its own, as the marks do.
    """
    nonce = secrets.token_hex(NONCE_BYTES)
    data = msgspec.json.encode(told).decode()
    return f"<data {nonce}>\n{data}\n</data {nonce}>"


def ask(way: Flag | None, body: Body, client: openai.OpenAI) -> Any:
    """Sends it to the endpoint of its way."""
    if way is Flag.RESPONSES:
        return client.responses.create(**body)
    return client.chat.completions.create(**body)


def text_of(answer: Any) -> str:
    """The text of an answer of either endpoint; empty where there is none."""
    told = getattr(answer, "output_text", None)
    if told is not None:
        return str(told)
    return str((answer.choices[0].message.content or "") if answer.choices else "")
