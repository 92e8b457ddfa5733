"""The OpenAI-compatible server, through OpenAI's own client."""

import io
import json
import math
import time
import wave
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import av
import httpx
import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel

from sandbox.recordings import load_clips


class Step(BaseModel):
    """One judged step."""

    verdict: Literal["met", "not_met", "unknown"]
    quote: str | None


class Judgement(BaseModel):
    """A structured answer."""

    sentiment: float
    urgent: bool
    steps: list[Step]


@pytest.fixture
def client(sandbox):
    told = sandbox.told["openai"]
    with OpenAI(api_key=told["api_key"], base_url=told["base_url"], max_retries=0) as client:
        yield client


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def test_key_is_checked(sandbox):
    """A wrong key is 401 with OpenAI's code."""
    base_url = sandbox.told["openai"]["base_url"]
    with (
        OpenAI(api_key="sk-wrong", base_url=base_url, max_retries=0) as client,
        pytest.raises(openai.AuthenticationError) as caught,
    ):
        client.models.list()
    assert caught.value.code == "invalid_api_key"


@pytest.mark.parametrize("form", ["float", "base64"])
def test_embeddings_are_normalised_and_repeatable(client, form):
    """Vectors have the asked size and length one; the same text has the same vector."""
    texts = ["my refund is late", "late refund", "my refund is late"]
    told = client.embeddings.create(
        model="text-embedding-3-small", input=texts, dimensions=384, encoding_format=form
    )
    vectors = [one.embedding for one in told.data]
    if form == "float":
        assert all(math.isclose(math.hypot(*vector), 1, rel_tol=1e-5) for vector in vectors)
        assert {len(vector) for vector in vectors} == {384}
    assert vectors[0] == vectors[2] != vectors[1]
    assert told.usage.prompt_tokens > 0


def test_default_encoding_of_the_client_is_understood(client):
    """The client asks for base64 by itself and decodes it; similar texts are near."""
    texts = ["where is my parcel", "my parcel has not arrived", "cancel the subscription now"]
    told = client.embeddings.create(model="text-embedding-3-small", input=texts)
    a, b, c = (one.embedding for one in told.data)
    assert len(a) == 1536
    assert cosine(a, b) > cosine(a, c)


@pytest.mark.parametrize(
    "told",
    [
        {"input": ""}, {"input": []}, {"input": ["a", ""]}, {"input": ["a"] * 2049},
        {"input": "a", "dimensions": 1537}, {"input": "a " * 20_000},
    ],
)  # fmt: skip
def test_unusable_embedding_requests_are_refused(client, told):
    """Empty texts, too many, too long, too large vectors."""
    with pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(model="text-embedding-3-small", **told)
    assert caught.value.type == "invalid_request_error"


def test_unknown_model_is_not_found(client):
    """404 ``model_not_found``."""
    with pytest.raises(openai.NotFoundError) as caught:
        client.embeddings.create(model="text-embedding-9", input="a")
    assert caught.value.code == "model_not_found"


def test_chat_answers_in_the_asked_form(client):
    """``chat.completions.parse`` gets a conforming object, the same for the same prompt."""
    messages = [{"role": "user", "content": "Judge this ticket."}]
    told = [
        client.chat.completions.parse(
            model="gpt-6-luna", messages=messages, response_format=Judgement
        )
        for _ in range(2)
    ]
    parsed = [one.choices[0].message.parsed for one in told]
    assert isinstance(parsed[0], Judgement)
    assert parsed[0] == parsed[1]
    assert told[0].usage.total_tokens > 0


def test_a_mark_that_is_new_in_each_request_changes_no_answer(client):
    """Clients fence what customers wrote with a nonce; other words do count."""

    def answer(mark, words):
        told = [{"role": "user", "content": f"<data {mark}>{words}</data {mark}>"}]
        done = client.chat.completions.parse(
            model="gpt-5", messages=told, response_format=Judgement
        )
        return done.choices[0].message.parsed

    assert answer("0123456789abcdef", "Late.") == answer("fedcba9876543210", "Late.")
    assert answer("0123456789abcdef", "Late.") != answer("0123456789abcdef", "Thanks.")


def test_responses_answer_in_the_asked_form(client):
    """``responses.parse`` gets a conforming object."""
    told = client.responses.parse(
        model="gpt-6-luna", input="Judge this ticket.", text_format=Judgement, store=False
    )
    assert isinstance(told.output_parsed, Judgement)
    assert told.usage.input_tokens > 0


def test_plain_chat_answers_a_sentence(client):
    """Without a schema there is text."""
    told = client.chat.completions.create(
        model="gpt-6-luna", messages=[{"role": "user", "content": "Hello"}]
    )
    assert told.choices[0].message.content


@pytest.mark.parametrize(
    "form",
    [
        {"type": "json_schema"},
        {"type": "json_schema", "json_schema": {"name": "x"}},
        {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "string"}}},
        {
            "type": "json_schema",
            "json_schema": {
                "name": "x", "strict": True, "schema": {"type": "object", "properties": {}},
            },
        },
        {"type": "xml"},
    ],
)  # fmt: skip
def test_missing_or_loose_schemas_are_refused(client, form):
    """A structured answer needs a name and a schema, strict ones closed objects."""
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(
            model="gpt-6-luna", messages=[{"role": "user", "content": "x"}], response_format=form
        )


@pytest.mark.parametrize("clip", load_clips(), ids=lambda clip: clip.name)
def test_known_recording_has_its_true_transcript(client, clip):
    """The clips of the world are recognised by their hash."""
    with clip.path.open("rb") as file:
        told = client.audio.transcriptions.create(model="gpt-transcribe", file=file)
    assert told.text == clip.text


def test_segments_are_only_of_the_old_model(client):
    """``verbose_json`` works with whisper-1 and is refused for the rest."""
    clip = load_clips()[0]
    ask = {"file": (clip.path.name, clip.path.read_bytes()), "response_format": "verbose_json"}
    told = client.audio.transcriptions.create(model="whisper-1", **ask)
    assert [one.text for one in told.segments] == [text for _, text in clip.turns]
    with pytest.raises(openai.BadRequestError):
        client.audio.transcriptions.create(model="gpt-transcribe", **ask)


def test_unknown_sound_has_no_words_and_other_files_are_refused(client):
    """Silence is empty; a text file is no sound."""
    told = client.audio.transcriptions.create(
        model="gpt-transcribe", file=("other.wav", io.BytesIO(b"RIFF0000WAVE"))
    )
    assert told.text == ""
    with pytest.raises(openai.BadRequestError):
        client.audio.transcriptions.create(model="gpt-transcribe", file=("a.txt", b"words"))


def test_models_and_moderations_are_served(client):
    """The list of models and a moderation that flags nothing."""
    assert "gpt-6-luna" in {one.id for one in client.models.list()}
    told = client.moderations.create(model="omni-moderation-latest", input="hello")
    assert not told.results[0].flagged


def test_headers_tell_the_request_and_the_budget(client):
    """``x-request-id`` and ``x-ratelimit-*`` stand on every answer."""
    raw = client.embeddings.with_raw_response.create(model="text-embedding-3-small", input="a")
    assert raw.headers["x-request-id"].startswith("req_")
    assert int(raw.headers["x-ratelimit-remaining-requests"]) > 0
    assert raw.headers["x-ratelimit-limit-tokens"]


def test_malformed_body_is_refused_in_openais_form(sandbox):
    """400 with ``error.message`` and ``error.type``."""
    told = sandbox.told["openai"]
    headers = {"authorization": f"Bearer {told['api_key']}"}
    answer = httpx.post(f"{told['base_url']}/embeddings", content=b"{", headers=headers)
    assert answer.status_code == 400
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_a_piece_of_a_recording_has_its_own_words(client):
    """Cut and stored at another rate, it is still found; the two halves are the whole."""
    clip = load_clips()[1]
    with wave.open(io.BytesIO(_pcm(clip))) as whole:
        half = whole.getnframes() // 2
        pieces = [whole.readframes(half), whole.readframes(whole.getnframes())]
        rate = whole.getframerate()
    heard = [
        client.audio.transcriptions.create(
            model="gpt-transcribe", file=("piece.wav", _wav(piece, rate))
        ).text
        for piece in pieces
    ]
    assert all(heard)
    assert " ".join(heard) == clip.text


def _pcm(clip):
    """The clip as 16-bit WAV at 16 kHz."""
    with av.open(str(clip.path)) as file:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
        frames = [
            piece.to_ndarray().tobytes()
            for frame in (*file.decode(audio=0), None)
            for piece in resampler.resample(frame)
        ]
    return _wav(b"".join(frames), 16_000)


def _wav(frames, rate):
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(frames)
    return file.getvalue()


def test_the_server_keeps_the_pace_that_it_is_told(sandbox, client):
    """So slow, and so many at once: the next is told when to come back."""
    control = sandbox.control()
    pace = {"latency_seconds": 0.4, "most_at_once": 2, "retry_after": 3}
    assert control.post("/openai/pace", json=pace).status_code == 204
    try:
        began = time.monotonic()
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: _tried(client), range(4)))
        assert time.monotonic() - began >= 0.4
        assert sorted(found, key=str) == ["3", "3", None, None]
    finally:
        control.post("/openai/pace", json={})
    assert control.post("/openai/pace", json={"latency": 1}).status_code == 400


def _tried(client):
    """None for an answer, else what `retry-after` says."""
    try:
        client.embeddings.create(model="text-embedding-3-small", input="a")
    except openai.RateLimitError as error:
        return error.response.headers["retry-after"]
    return None


def test_batches_are_answered_later_line_by_line(client):
    """Upload, create, poll, read: good lines in one file, refused ones in another."""
    lines = [
        {"custom_id": str(number), "method": "POST", "url": "/v1/responses",
         "body": {"model": model, "input": "Hello."}}
        for number, model in enumerate(("gpt-6-luna", "no-such-model"))
    ]  # fmt: skip
    content = "\n".join(json.dumps(line) for line in lines).encode()
    file = client.files.create(file=("in.jsonl", content), purpose="batch")
    made = client.batches.create(
        input_file_id=file.id, endpoint="/v1/responses", completion_window="24h"
    )
    assert next(one.id for one in client.batches.list()) == made.id
    done = client.batches.retrieve(made.id)
    assert (done.status, done.request_counts.completed, done.request_counts.failed) == (
        "completed", 1, 1,
    )  # fmt: skip
    [good] = client.files.content(done.output_file_id).text.splitlines()
    told = json.loads(good)
    assert told["custom_id"] == "0"
    assert told["response"]["body"]["output"][0]["content"][0]["text"]
    [bad] = client.files.content(done.error_file_id).text.splitlines()
    assert json.loads(bad)["response"]["status_code"] == 404
    assert client.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.content(file.id)
    with pytest.raises(openai.BadRequestError):
        client.batches.create(
            input_file_id=file.id, endpoint="/v1/moderations", completion_window="24h"
        )
