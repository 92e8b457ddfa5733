"""Requests that are handed over together, answered within a day, at half the price.

What is uploaded is deleted when its answers are read, and ends by itself after three days.

Source: https://developers.openai.com/api/docs/guides/batch
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import openai
from openai.types import Batch
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from tasks.openai.failures import NoAnswerError
from tasks.openai.flags import Flag
from tasks.openai.service import Call, OpenAIService
from tasks.openai.usage import Usage, check_answered, usage_of

# A line has the whole rubric: below the limits of 50,000 lines and 200 MB a file.
MOST_LINES = 5_000
PRICE_SHARE = 0.5
KEPT_SECONDS = 3 * 86_400
ENDED = {"failed", "expired", "cancelled"}
RESPONSES, CHAT = "/v1/responses", "/v1/chat/completions"


@dataclass(frozen=True, repr=False)
class Line:
    """One request of a batch; `number` is its place, and all that names it there."""

    number: int
    body: dict[str, Any]


@dataclass(frozen=True, repr=False)
class Answered:
    """What a line was answered: the SDK's object, or that there is no answer."""

    number: int
    answer: Response | ChatCompletion | NoAnswerError
    usage: Usage


class BatchDesk:
    """The batches of one server."""

    def __init__(self, service: OpenAIService) -> None:
        self.service = service

    def upload(self, call: Call, lines: Sequence[Line], way: Flag | None) -> str:
        """The id of the file that now holds the lines. Raises: as `OpenAIService.call`."""
        url = endpoint_of(way)
        content = b"\n".join(
            msgspec.json.encode(
                {"custom_id": str(one.number), "method": "POST", "url": url, "body": one.body}
            )
            for one in lines
        )

        def operation(client: openai.OpenAI) -> openai.types.FileObject:
            return client.files.create(
                file=("requests.jsonl", content),
                purpose="batch",
                expires_after={"anchor": "created_at", "seconds": KEPT_SECONDS},
            )

        return self.service.hand_over(call, operation).id

    def begin(self, model: str, file_id: str, endpoint: str) -> str:
        """The id of the batch of this file: the one that there is, or else a new one.

        Killed between making a batch and writing its id down, a run would pay for two.
        """

        def operation(client: openai.OpenAI) -> Batch:
            for found in client.batches.list():
                if found.input_file_id == file_id:
                    return found
            made: Any = {"endpoint": endpoint, "completion_window": "24h"}
            return client.batches.create(
                input_file_id=file_id,
                output_expires_after={"anchor": "created_at", "seconds": KEPT_SECONDS},
                **made,
            )

        return self.service.ask(_call(model), operation).id

    def find(self, model: str, batch_id: str) -> Batch:
        """The batch as it stands."""
        return self.service.ask(_call(model), lambda client: client.batches.retrieve(batch_id))

    def iter_answers(self, model: str, batch: Batch) -> Iterator[Answered]:
        """What the lines were answered, in any order."""
        for file_id in (batch.output_file_id, batch.error_file_id):
            if file_id is not None:
                for told in self._lines(model, file_id):
                    yield _answered(told, model, batch.endpoint)

    def forget(self, model: str, batch: Batch) -> None:
        """Deletes its files, as far as they are still there."""
        for file_id in (batch.input_file_id, batch.output_file_id, batch.error_file_id):
            if file_id is not None:
                self.service.ask(_call(model), _deleting(file_id))

    def _lines(self, model: str, file_id: str) -> Iterable[dict[str, Any]]:
        text = self.service.ask(_call(model), lambda client: client.files.content(file_id).text)
        return [msgspec.json.decode(line) for line in text.splitlines() if line]


def endpoint_of(way: Flag | None) -> str:
    """Where a line goes that asks in this way."""
    return RESPONSES if way is Flag.RESPONSES else CHAT


def _answered(told: dict[str, Any], model: str, endpoint: str) -> Answered:
    """A line's answer; one that the server refused or cannot be read is none."""
    number, who = int(told["custom_id"]), f"analyse with {model}"
    said = told.get("response") or {}
    body = said.get("body") or {}
    if said.get("status_code") != 200:
        return Answered(number, NoAnswerError(who, reason="malformed"), Usage())
    try:
        answer: Response | ChatCompletion = (
            Response.model_validate(body)
            if endpoint == RESPONSES
            else ChatCompletion.model_validate(body)
        )
        check_answered(answer, who)
    except NoAnswerError as error:
        return Answered(number, error, usage_of(body))
    except ValueError:
        return Answered(number, NoAnswerError(who, reason="malformed"), usage_of(body))
    return Answered(number, answer, usage_of(body))


def _deleting(file_id: str) -> Any:
    def operation(client: openai.OpenAI) -> None:
        try:
            client.files.delete(file_id)
        except openai.NotFoundError:
            return

    return operation


def _call(model: str) -> Call:
    """For requests about a batch, which hold nothing of anyone and cost nothing."""
    return Call("analyse", model, (), 0, 0)
