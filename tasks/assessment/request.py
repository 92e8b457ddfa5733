"""One request for an assessment: the same for an endpoint now and for a batch of tomorrow."""

from dataclasses import dataclass
from typing import Any

from tasks.assessment.rubric import Rubric, payload
from tasks.assessment.verified import Asked
from tasks.openai import Flag
from tasks.openai.structured import Question, fenced

NAME = "assessment"
AGAIN = "\nYour last answer had quotes that stand in no such turn: copy them letter by letter."


@dataclass(frozen=True)
class Request:
    """What is the same for every ticket: the model, the rubric, the key of its cached part."""

    model: str
    rubric: Rubric
    cache_key: str

    def body(self, way: Flag | None, asked: Asked, *, again: bool = False) -> dict[str, Any]:
        """The body of the request, rubric first and ticket last; nothing of it is to be stored."""
        data = fenced(payload(asked.case, asked.turns)) + (AGAIN if again else "")
        question = Question(NAME, self.rubric.text, data, self.rubric.schema)
        return question.body(way, model=self.model, cache_key=self.cache_key)
