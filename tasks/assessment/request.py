"""One request for an assessment: the same for an endpoint now and for a batch of tomorrow."""

from dataclasses import dataclass
from typing import Any

from tasks.assessment.fence import fenced
from tasks.assessment.rubric import Rubric, payload
from tasks.assessment.verified import Asked
from tasks.openai import Flag

NAME = "assessment"
# How to ask for a structured answer, best first.
WAYS = (Flag.RESPONSES, Flag.JSON_SCHEMA, Flag.JSON_OBJECT)
AGAIN = "\nYour last answer had quotes that stand in no such turn: copy them letter by letter."


@dataclass(frozen=True)
class Question:
    """What is the same for every ticket: the model, the rubric, the key of its cached part."""

    model: str
    rubric: Rubric
    cache_key: str

    def body(self, way: Flag | None, asked: Asked, *, again: bool = False) -> dict[str, Any]:
        """The body of the request, rubric first and ticket last; nothing of it is to be stored."""
        data = fenced(payload(asked.case, asked.turns)) + (AGAIN if again else "")
        head = {"model": self.model, "prompt_cache_key": self.cache_key, "store": False}
        form = {"name": NAME, "schema": self.rubric.schema, "strict": True}
        if way is Flag.RESPONSES:
            return head | {
                "instructions": self.rubric.text,
                "input": [{"role": "user", "content": data}],
                "text": {"format": {"type": "json_schema", **form}},
            }
        if way is Flag.JSON_SCHEMA:
            kind = {"type": "json_schema", "json_schema": form}
            return head | _chat(self.rubric.text, data, kind)
        return head | _chat(self.rubric.text_with_form, data, {"type": "json_object"})


def _chat(rubric: str, data: str, kind: dict[str, Any]) -> dict[str, Any]:
    messages = [{"role": "system", "content": rubric}, {"role": "user", "content": data}]
    return {"messages": messages, "response_format": kind}


def text_of(answer: Any) -> str:
    """The text of an answer of either endpoint."""
    told = getattr(answer, "output_text", None)
    return str((answer.choices[0].message.content or "") if told is None else told)
