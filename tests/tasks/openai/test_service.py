"""The one owner of calls to an OpenAI-compatible server."""

import time

import pytest
from pydantic import BaseModel

from tasks.errors import (
    ConfigurationError,
    PermanentError,
    RefusedError,
    TransientError,
)
from tasks.openai import Call, Flag, NoAnswerError, NotOfferedError, Usage, openai_service
from tasks.openai.failures import retry_seconds
from tasks.openai.flags import parse_flags
from tasks.settings import Settings
from tests.tasks.openai.server import Asked, Said, refused, served

SECRET = "the customer's secret words"
VECTOR = {
    "object": "list",
    "model": "m",
    "data": [{"object": "embedding", "index": 0, "embedding": [1.0]}],
    "usage": {"prompt_tokens": 3, "total_tokens": 3},
}


class Verdict(BaseModel):
    met: bool


def opened(url, **more):
    told = {"openai_api_key": "sk-test", "openai_base_url": url, "openai_concurrency": 4}
    hooks = {name: more.pop(name) for name in ("before", "after") if name in more}
    return openai_service(Settings(**(told | more)), **hooks)


def call(number=1, **more):
    return Call("embed", "m", (number,), 1, len(SECRET), **more)


def embed(client):
    return client.embeddings.create(model="m", input=SECRET, encoding_format="float")


def chat(content, finish="stop", refusal=None):
    message = {"role": "assistant", "content": content, "refusal": refusal}
    return {
        "id": "c", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "finish_reason": finish, "message": message}],
        "usage": {
            "prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11,
            "prompt_tokens_details": {"cached_tokens": 4},
        },
    }  # fmt: skip


def judge(client):
    return client.chat.completions.parse(
        model="m", messages=[{"role": "user", "content": SECRET}], response_format=Verdict
    )


def in_turn(*answers):
    left = list(answers)
    return lambda _asked: left.pop(0) if len(left) > 1 else left[0]


def test_without_a_key_says_what_to_set():
    """ConfigurationError naming the variable."""
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY"):
        openai_service(Settings(openai_api_key=None))


def test_plain_http_is_for_loopback_only():
    """A key is not sent in the clear."""
    with pytest.raises(ValueError, match="http on loopback only"):
        opened("http://models.example.com/v1")


def test_hooks_come_before_the_bytes_and_after_the_answer():
    """`before` is done when the request comes; `after` gets what was spent."""
    order = []

    def answer(_asked: Asked) -> Said:
        order.append("asked")
        return Said(VECTOR)

    with (
        served(answer) as server,
        opened(
            server.url,
            before=lambda one: order.append(one.ticket_ids),
            after=lambda _, usage: order.append(usage),
        ) as service,
    ):
        service.call(call(7), embed)
    assert order == [(7,), "asked", Usage(input_tokens=3)]
    assert "user" not in server.asked[0].told
    assert "metadata" not in server.asked[0].told


def test_answers_come_in_order_and_at_once():
    """Eight slow answers take the time of two: four at once, in the order asked."""

    def answer(asked: Asked) -> Said:
        number = int(asked.told["input"])
        return Said(VECTOR | {"model": str(number)}, delay_seconds=0.2 if number % 2 else 0.1)

    def one(number):
        return lambda client: client.embeddings.create(
            model="m", input=str(number), encoding_format="float"
        )

    with served(answer) as server, opened(server.url) as service:
        began = time.monotonic()
        found = list(service.map((call(number), one(number)) for number in range(8)))
        seconds = time.monotonic() - began
    assert [one.model for one in found] == [str(number) for number in range(8)]
    assert server.most_at_once == 4
    assert seconds < 0.8


def test_what_was_sent_before_a_refusing_hook_is_answered():
    """A budget that ends at the third call loses nothing of the first two."""

    def before(one: Call) -> None:
        if one.ticket_ids == (3,):
            raise RefusedError("spent")

    with (
        served(lambda _: Said(VECTOR)) as server,
        opened(server.url, before=before) as service,
    ):
        answers = service.map((call(number), embed) for number in range(1, 6))
        assert next(answers)
        assert next(answers)
        with pytest.raises(RefusedError):
            next(answers)
    assert len(server.asked) == 2


def test_a_limit_is_waited_for_by_every_call():
    """After a 429 with Retry-After nobody asks before its time."""
    limit = refused(429, "rate_limit_exceeded", retry_after="1")
    slow = Said(VECTOR, delay_seconds=0.2)
    with served(in_turn(limit, slow)) as server, opened(server.url) as service:
        assert len(list(service.map((call(), embed) for _ in range(9)))) == 9
    first = server.asked[0].at
    early = [one for one in server.asked[4:] if one.at < first + 0.95]
    assert not early


@pytest.mark.parametrize("status", [408, 409, 500, 503])
def test_what_passes_is_tried_again(status):
    """One failure, then the answer."""
    with (
        served(in_turn(refused(status), Said(VECTOR))) as server,
        opened(server.url) as service,
    ):
        service.call(call(), embed)
    assert len(server.asked) == 2


def test_a_cut_answer_is_asked_for_again():
    """JSON that ends half way is no answer."""
    with (
        served(in_turn(Said(b'{"data": [{"embed'), Said(VECTOR))) as server,
        opened(server.url) as service,
    ):
        service.call(call(), embed)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (refused(400, message=SECRET), PermanentError),
        (refused(401, "invalid_api_key", message=SECRET), ConfigurationError),
        (refused(403, message=SECRET), RefusedError),
        (refused(404, "model_not_found", message=SECRET), ConfigurationError),
        (refused(429, "insufficient_quota", message=SECRET), RefusedError),
        (refused(400, "content_filter", message=SECRET), NoAnswerError),
    ],
)
def test_a_refusal_is_ours_and_quotes_nothing(said, kind):
    """Once, as our own error, without a word of the request or the answer."""
    with (
        served(lambda _: said) as server,
        opened(server.url) as service,
        pytest.raises(kind) as caught,
    ):
        service.call(call(), embed)
    assert len(server.asked) == 1
    assert SECRET not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (chat(None, refusal="I will not."), "refusal"),
        (chat('{"met": tr', finish="length"), "length"),
        (chat(None, finish="content_filter"), "content_filter"),
        (chat('{"met": "perhaps"}'), "malformed"),
    ],
)
def test_no_answer_has_its_own_error_and_is_paid_for(answer, reason):
    """Refused, broken off, filtered, malformed: told apart, not tried again."""
    spent = []
    with (
        served(lambda _: Said(answer)) as server,
        opened(server.url, after=lambda _, usage: spent.append(usage)) as service,
    ):
        [found] = service.outcomes([(call(), judge)])
    assert isinstance(found, NoAnswerError)
    assert found.reason == reason
    assert len(server.asked) == 1
    assert spent == [Usage(input_tokens=9, cached_tokens=4, output_tokens=2)]
    assert spent[0].latency_ms > 0


def test_what_a_server_lacks_is_learned():
    """A 404 of the endpoint and a 400 of the parameter; the settings have the last word."""
    with served(lambda _: refused(404)) as server:
        with opened(server.url) as service, pytest.raises(NotOfferedError):
            service.call(call(uses=Flag.RESPONSES), embed)
        with opened(server.url) as service:
            assert not service.flags.has(Flag.RESPONSES)
            assert service.flags.has(Flag.JSON_SCHEMA)
        with opened(server.url, openai_flags="responses=yes") as service:
            assert service.flags.has(Flag.RESPONSES)
    unknown = refused(400, message="Unknown parameter: 'dimensions'.")
    with served(lambda _: unknown) as server, opened(server.url) as service:
        with pytest.raises(NotOfferedError):
            service.call(call(uses=Flag.DIMENSIONS), embed)
        assert not service.flags.has(Flag.DIMENSIONS)


def test_nobody_there_is_worth_another_try():
    """TransientError once the tries are over; nothing of the address in it."""
    with served(lambda _: Said(VECTOR)) as server:
        url = server.url
    with opened(url) as service, pytest.raises(TransientError, match="did not answer"):
        service._ask_once(call(), embed)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2"}, 2.0),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m2s"}, 62.0),
        (
            {
                "x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "1m",
                "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "120ms",
            },
            0.12,
        ),
        ({"retry-after": "86400"}, 300.0),
        ({}, None),
    ],
)  # fmt: skip
def test_how_long_to_stay_away(headers, seconds):
    """Retry-After, else the reset of what is used up, at most five minutes."""
    assert retry_seconds(headers, limited=True) == (
        None if seconds is None else pytest.approx(seconds)
    )


def test_unknown_flags_are_named():
    """The message lists those there are."""
    with pytest.raises(ConfigurationError, match="json_schema"):
        parse_flags("telepathy=yes")
