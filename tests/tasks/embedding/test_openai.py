"""Embeddings by an OpenAI-compatible server: its limits, its order, what it lacks."""

from contextlib import ExitStack

import numpy as np
import pytest
import stamina

from tasks.embedding import Batch
from tasks.embedding.openai import MOST_INPUTS, MOST_REQUEST_TOKENS, MOST_TOKENS, OpenAIEmbedder
from tasks.errors import ConfigurationError, TransientError
from tasks.openai import openai_service
from tasks.settings import Settings
from tests.tasks.openai.server import Said, refused, served


def vector(text, size):
    found = np.zeros(size)
    found[len(text) % size] = 3.0
    return found.tolist()


def answer(asked, *, native=8):
    told = asked.told
    size = told.get("dimensions", native)
    data = [
        {"object": "embedding", "index": at, "embedding": vector(text, size)}
        for at, text in enumerate(told["input"])
    ]
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return Said({"object": "list", "model": told["model"], "data": data[::-1], "usage": usage})


@pytest.fixture
def embedder():
    """Makes an embedder for a URL; its connections are closed at the end."""
    with ExitStack() as opened:

        def make(url="http://127.0.0.1:1/v1", *, dimension=4):
            told = {"openai_api_key": "sk-test", "openai_base_url": url, "openai_concurrency": 4}
            service = opened.enter_context(openai_service(Settings(**told)))
            return OpenAIEmbedder(service, model="text-embedding-3-small", dimension=dimension)

        yield make


def test_vectors_are_in_the_order_of_the_texts_and_of_length_one(embedder):
    """Whatever order the answer is in."""
    texts = ["a", "bb", "ccc", "dddd", "eeeee"]
    with served(answer) as server:
        found = embedder(server.url).embed(texts)
    assert found.dtype == np.float32
    assert (found == np.array([vector(text, 4) for text in texts]) / 3).all()
    told = server.asked[0].told
    assert told["dimensions"] == 4
    assert told["encoding_format"] == "float"
    assert not told.keys() & {"user", "metadata"}


def test_requests_keep_to_the_limits(embedder):
    """So many inputs, so many tokens; nothing empty; no text longer than the model reads."""
    long = "word " * (MOST_TOKENS + 3_000)
    batch = Batch(["x"] * (MOST_INPUTS + 1) + ["", "  \n"] + [long] * 40)
    made = embedder()
    requests = list(made.requests(batch))
    rows = [row for request in requests for row in request.rows]
    assert rows == [row for row, text in enumerate(batch.texts) if text.strip()]
    for request in requests:
        assert len(request.texts) <= MOST_INPUTS
        counts = [len(made._encoding.encode_ordinary(text)) for text in request.texts]
        assert max(counts) <= MOST_TOKENS
        assert sum(counts) <= MOST_REQUEST_TOKENS
    assert len(requests) == 3


def test_each_request_names_the_tickets_of_its_texts(embedder):
    """For the ledger of what leaves: once each."""
    batch = Batch(["a", "b", " ", "c"], [5, 5, 6, 7])
    [request] = embedder().requests(batch)
    assert request.ticket_ids == (5, 7)


def test_blank_text_is_not_sent(embedder):
    """Its vector is zero; a batch of nothing else asks nothing."""
    with served(answer) as server:
        found = embedder(server.url).embed(["", "a", " "])
        assert [bool(one.any()) for one in found] == [False, True, False]
        assert server.asked[0].told["input"] == ["a"]
        assert not embedder(server.url).embed([" "]).any()
    assert len(server.asked) == 1


def test_batches_come_one_by_one_with_several_requests_at_once(embedder):
    """Empty ones in their place."""
    batches = [Batch(["a"]), Batch([]), Batch(["b", "c"]), Batch([]), Batch([" "])]

    def slow(asked):
        said = answer(asked)
        said.delay_seconds = 0.1
        return said

    with served(slow) as server:
        found = list(embedder(server.url).embed_each(batches * 4))
    assert [len(one) for one in found] == [1, 0, 2, 0, 1] * 4
    assert server.most_at_once == 4


def test_a_server_without_shorter_vectors_gives_its_own(embedder):
    """Refused once, then asked without; of another length than ours they are of no use."""

    def plain(asked):
        if "dimensions" in asked.told:
            return refused(400, message="Unrecognized request argument: dimensions")
        return answer(asked)

    with served(plain) as server:
        assert embedder(server.url, dimension=8).embed(["a"]).shape == (1, 8)
        assert len(server.asked) == 2
        assert embedder(server.url, dimension=8).embed(["a"]).shape == (1, 8)
        assert len(server.asked) == 3
        with pytest.raises(ConfigurationError, match="have 8 values, not 4"):
            embedder(server.url, dimension=4).embed(["a"])


def test_an_answer_with_too_few_vectors_is_asked_for_again(embedder):
    """Rather nothing than the vector of another text."""
    left = [0, -1]  # the vector that is missing, time by time

    def short(asked):
        said = answer(asked)
        if left:
            said.body["data"].pop(left.pop())
        return said

    with served(short) as server, stamina.set_testing(True, attempts=3):
        found = embedder(server.url).embed(["a", "b"])
        assert (len(server.asked), len(found)) == (3, 2)
        assert found.tolist() == embedder(server.url).embed(["a", "b"]).tolist()
        left += [0, -1, 0]
        with pytest.raises(TransientError, match="not one vector for each"):
            embedder(server.url).embed(["a", "b"])


def test_the_version_names_model_and_dimension(embedder):
    """Two lengths of one model are two models."""
    assert embedder().model_version == "text-embedding-3-small@4"
