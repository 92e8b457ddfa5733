"""Faults: each kind hits the next matching requests, and no others."""

import json

import httpx
import pytest

SCHEMA = {
    "type": "object",
    "properties": {"topic": {"type": "string"}, "urgent": {"type": "boolean"}},
    "required": ["topic", "urgent"],
    "additionalProperties": False,
}
FORM = {"name": "answer", "strict": True, "schema": SCHEMA}
WORDS = [{"role": "user", "content": "Where is my parcel?"}]
QUESTIONS = {
    "chat/completions": {
        "model": "gpt-5",
        "messages": WORDS,
        "response_format": {"type": "json_schema", "json_schema": FORM},
    },
    "responses": {
        "model": "gpt-5",
        "input": WORDS,
        "text": {"format": {"type": "json_schema", **FORM}},
    },
}
CURSOR = "incremental/tickets/cursor.json?start_time=0&per_page=50"


def queue(control, **fault):
    answer = control.post("/faults", json=fault)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("kind", ["429", "500", "502", "503", "504"])
def test_refusals_hit_as_often_as_asked(acme, control, kind):
    """Two refusals, then the real answer; the log names the fault."""
    queue(control, path="/groups", kind=kind, times=2, retry_after=7)
    told = [acme.get("groups.json") for _ in range(3)]
    assert [one.status_code for one in told] == [int(kind), int(kind), 200]
    assert told[0].headers.get("retry-after") == ("7" if kind == "429" else None)
    log = control.get("/requests", params={"path": "/groups"}).json()["requests"]
    assert [one["fault"] for one in log] == [kind, kind, None]
    assert {one["account"] for one in log} == {"acme"}


def test_other_paths_accounts_and_skipped_requests_pass(sandbox, acme, control):
    """A fault waits for its path, its account, and as many requests as it skips."""
    queue(control, path="*/groups.json", kind="500", account="acme", skip=1)
    assert acme.get("brands.json").status_code == 200
    assert sandbox.zendesk("globex").get("groups.json").status_code == 200
    assert [acme.get("groups.json").status_code for _ in range(3)] == [200, 500, 200]


def test_truncated_page_is_no_json(acme, control):
    """Half of the body, as if it were whole."""
    queue(control, path="/tickets/cursor", kind="truncate")
    answer = acme.get(CURSOR)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_truncated_connection_breaks_off(acme, control):
    """Half of the body, then the connection is gone."""
    queue(control, path="/tickets/cursor", kind="truncate", cut="connection")
    with pytest.raises(httpx.RemoteProtocolError):
        acme.get(CURSOR)
    assert acme.get(CURSOR).status_code == 200


def test_hang_outlasts_the_client(acme, control):
    """No answer within the client's patience; the next request is served."""
    queue(control, path="/groups", kind="hang", seconds=20)
    with pytest.raises(httpx.ReadTimeout):
        acme.get("groups.json", timeout=0.3)
    assert acme.get("groups.json").status_code == 200


def test_short_hang_ends_as_a_gateway_timeout(acme, control):
    """After its seconds a hang answers 504."""
    queue(control, path="/groups", kind="hang", seconds=0.1)
    assert acme.get("groups.json").status_code == 504


def test_repeated_cursor_does_not_advance(acme, control):
    """The second page points at itself, once; then the export goes on."""
    first = acme.get(CURSOR).json()
    queue(control, path="/tickets/cursor", kind="repeat_cursor")
    stuck = acme.get(first["after_url"]).json()
    assert stuck["after_cursor"] == first["after_cursor"]
    assert not stuck["end_of_stream"]
    moved = acme.get(stuck["after_url"]).json()
    assert moved["tickets"] == stuck["tickets"]
    assert moved["after_cursor"] != first["after_cursor"]


@pytest.mark.parametrize(
    "path", ["incremental/ticket_events", "channels/voice/stats/incremental/calls"]
)
def test_repeated_position_of_a_time_based_export(acme, control, path):
    """``end_time`` is the request's own start while rows remain."""
    queue(control, path=path, kind="repeat_cursor")
    told = acme.get(f"{path}.json?start_time=1000&per_page=5").json()
    assert told["end_time"] == 1000
    assert "start_time=1000" in told["next_page"]


def test_expired_token_is_refused_until_a_new_one_comes(sandbox, control):
    """The request's token ends; a new token works."""
    client = sandbox.zendesk()
    queue(control, path="/groups", kind="expire_token")
    assert client.get("groups.json").json()["error"] == "invalid_token"
    assert client.get("groups.json").status_code == 401
    assert sandbox.zendesk().get("groups.json").status_code == 200


def test_garbage_in_place_of_a_page(acme, control):
    """It is no JSON, though the answer says 200."""
    queue(control, path="/tickets/cursor", kind="garbage")
    answer = acme.get(CURSOR)
    assert answer.status_code == 200
    assert answer.text.startswith("<html>")


def test_a_page_with_each_record_twice(acme, control):
    """Its count says so as well, and it leads to where it would have led."""
    path = "incremental/ticket_events.json?start_time=1000"
    once = acme.get(path).json()
    queue(control, path="incremental/ticket_events", kind="duplicate_page")
    twice = acme.get(path).json()
    assert twice["ticket_events"] == once["ticket_events"] * 2
    assert twice["count"] == 2 * once["count"]
    assert twice["next_page"] == once["next_page"]


@pytest.mark.parametrize("path", ["chat/completions", "responses"])
def test_answers_of_models_that_are_none(sandbox, control, path):
    """A refusal, words that are no JSON, an object without its last field."""
    told = sandbox.told["openai"]
    client = sandbox.client(f"{told['base_url']}/", told["api_key"])
    for kind in ("refusal", "no_json", "fewer_answers"):
        queue(control, path=f"/openai/v1/{path}", kind=kind)
    answers = [client.post(path, json=QUESTIONS[path]).json() for _ in range(4)]
    if path == "responses":
        refused, *words = [one["output"][0]["content"][0] for one in answers]
        texts = [one["text"] for one in words]
    else:
        refused, *words = [one["choices"][0]["message"] for one in answers]
        texts = [one["content"] for one in words]
    assert refused["refusal"]
    with pytest.raises(json.JSONDecodeError):
        json.loads(texts[0])
    assert set(json.loads(texts[1])) == {"topic"}
    assert set(json.loads(texts[2])) == {"topic", "urgent"}


def test_a_vector_less_than_texts(sandbox, control):
    """The last one is missing."""
    told = sandbox.told["openai"]
    client = sandbox.client(f"{told['base_url']}/", told["api_key"])
    queue(control, path="/embeddings", kind="fewer_answers")
    asked = {"model": "text-embedding-3-small", "input": ["one", "two", "three"]}
    answers = [client.post("embeddings", json=asked).json()["data"] for _ in range(2)]
    assert [len(one) for one in answers] == [2, 3]


def test_timeout_after_commit_has_done_its_work(sandbox, control):
    """The message is posted although the client saw a timeout."""
    slack = sandbox.told["slack"]
    client = sandbox.client(slack["base_url"], slack["bot_token"])
    queue(control, path="chat.postMessage", kind="timeout_after_commit", seconds=20)
    told = {"channel": slack["channels"]["globex"], "text": "only once"}
    with pytest.raises(httpx.ReadTimeout):
        client.post("chat.postMessage", json=told, timeout=0.4)
    texts = [one["text"] for one in control.get("/slack/messages").json()["messages"]]
    assert texts.count("only once") == 1


@pytest.mark.parametrize(
    ("peer", "path", "error"),
    [("slack", "auth.test", "ratelimited"), ("openai", "/models", "rate_limit_exceeded")],
)
def test_each_peer_words_its_own_refusals(sandbox, control, peer, path, error):
    """A 429 from Slack reads like Slack's, one from OpenAI like OpenAI's."""
    told = sandbox.told[peer]
    client = sandbox.client(told["base_url"], told.get("bot_token") or told.get("api_key"))
    queue(control, path=path, kind="429")
    refused = client.get(path)
    assert refused.status_code == 429
    told = refused.json()["error"]
    assert (told if peer == "slack" else told["code"]) == error


def test_cleared_faults_do_not_come(acme, control):
    """DELETE drops what is queued."""
    queue(control, path="/groups", kind="500", times=5)
    assert len(control.get("/faults").json()["faults"]) == 1
    assert control.delete("/faults").status_code == 204
    assert acme.get("groups.json").status_code == 200


def test_malformed_fault_is_refused(control):
    """An unknown kind or field is 400 with the reason."""
    for fault in ({"path": "x", "kind": "418"}, {"path": "x", "kind": "500", "colour": "red"}):
        assert control.post("/faults", json=fault).status_code == 400


def test_control_needs_its_token(sandbox):
    """Without the control token nothing is told."""
    for path in ("/faults", "/requests", "/labels/acme", "/slack/messages"):
        assert httpx.get(sandbox.told["control_url"] + path).status_code == 401


def test_log_has_no_secrets(sandbox, acme, control):
    """The log keeps method, path, status and account: no header, no body."""
    sandbox.token()
    acme.get("groups.json")
    text = control.get("/requests").text
    assert "oauth/tokens" in text
    secret = sandbox.told["zendesk"]["acme"]["client_secret"]
    assert secret not in text
    assert "Bearer" not in text
