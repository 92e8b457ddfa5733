"""From a recording to a sealed transcript by the models of a server, and what is not heard."""

import json
from decimal import Decimal
from pathlib import Path

import httpx
import msgspec
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cli.main import app
from cli.peers import Sandbox
from sandbox.recordings import load_clips
from tasks.conversation import TRANSCRIPT_COLUMN, open_conversations
from tasks.recordings import fetch_recordings
from tasks.resources import Resources
from tasks.speech import LocalTranscriber, Transcript
from tasks.speech.accuracy import CLIPS, measure_accuracy, word_errors, words_of
from tasks.transcribe import transcribe_recordings
from tests.tasks.recordings.test_consent import _call
from tests.tasks.zendesk.scripted.server import Said, Script
from warehouse.models import Choice, choose, set_budget

PRICES = "- {model: gpt-transcribe, from: 2026-01-01, usd_per_audio_minute: 0.6}"


@pytest.fixture(autouse=True)
def models(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The settings lead to the sandbox's models, a minute of which costs 0.60 dollars."""
    prices = tmp_path / "prices.yml"
    prices.write_text(PRICES)
    monkeypatch.setenv("OPENAI_API_KEY", sandbox.openai["api_key"])
    monkeypatch.setenv("OPENAI_BASE_URL", sandbox.openai["base_url"])
    monkeypatch.setenv("VENSOR_PRICES_PATH", str(prices))


def _transcribe(desk: Resources) -> "tuple[int, int, str]":
    found = transcribe_recordings.fn(desk.organization.slug)
    return found.rows_in, found.rows_out, found.note


def _states(desk: Resources) -> "list[tuple[int, str, str | None]]":
    with desk.session() as connection:
        query = "select call_id, state, reason from zendesk.recordings order by call_id"
        return [tuple(row) for row in connection.execute(text(query))]


def _transcript(desk: Resources, call_id: int) -> Transcript:
    with desk.session() as connection:
        query = "select kind, model, changed_at, sealed from ai.transcripts where call_id = :id"
        row = connection.execute(text(query), {"id": call_id}).one()
    plain = desk.cipher.unseal(
        bytes(row.sealed),
        column=TRANSCRIPT_COLUMN,
        row_id=f"{call_id}/{row.kind}/{row.model}",
        changed_at=row.changed_at,
    )
    return msgspec.json.decode(plain, type=Transcript)


def _fetch(desk: Resources, script: Script, *bodies: bytes) -> None:
    script.answers = [Said(body) for body in bodies]
    fetch_recordings.fn(desk.organization.slug)


def test_calls_are_heard_by_the_server(desk: Resources, script: Script, pending) -> None:
    """Its words and its model; seconds and dollars in the ledger, the words in the turns."""
    clips = load_clips()[:3]
    for number in range(1, 4):
        pending(number)
    _fetch(desk, script, *(clip.path.read_bytes() for clip in clips))
    assert _transcribe(desk) == (3, 3, "")
    for number, clip in enumerate(clips, start=1):
        found = _transcript(desk, number)
        assert words_of(found.text) == words_of(clip.text)
        assert found.duration_seconds == pytest.approx(clip.duration_seconds, abs=0.1)
    with desk.session() as connection:
        used = connection.execute(text("select * from ai.usage")).one()
        [opened] = open_conversations(connection, desk.cipher, [1])
    assert (used.capability, used.provider, used.model) == (
        "transcribe",
        "openai",
        "gpt-transcribe",
    )
    assert used.cost_usd == pytest.approx(Decimal(str(used.audio_seconds)) / 100)
    assert opened.conversation.turns[0].text.startswith("Thank you for calling")
    assert _transcribe(desk) == (0, 0, "")


def test_a_recording_that_is_none_is_quarantined_not_retried(
    desk: Resources, script: Script, pending
) -> None:
    """Listed with its reason, left alone by the next run, until somebody lets it be tried again."""
    pending(1)
    _fetch(desk, script, b"RIFF and then nothing that anybody could decode")
    assert _transcribe(desk) == (1, 0, "")
    assert _states(desk) == [(1, "undecodable", "unknown_format")]
    assert _transcribe(desk) == (0, 0, "")
    slug = desk.organization.slug
    listed = CliRunner().invoke(app, ["quarantine", "list", "--org", slug])
    assert listed.exit_code == 0, listed.output
    assert "recordings" in listed.output
    assert "unknown_format" in listed.output
    again = ["quarantine", "retry", "--org", slug, "--stream", "recordings"]
    assert "1 recordings" in CliRunner().invoke(app, again).output
    assert _states(desk) == [(1, "stored", None)]


def test_a_spent_budget_leaves_the_rest_pending(desk: Resources, script: Script, pending) -> None:
    """Thirty cents are half a minute: the first call, and on the next day the others."""
    clips = load_clips()
    for number in (1, 2):
        pending(number)
    _fetch(desk, script, *(clip.path.read_bytes() for clip in clips[:2]))
    with desk.session() as connection:
        set_budget(connection, desk.organization.org_id, Decimal("0.31"))
    assert _transcribe(desk) == (
        2,
        1,
        "stopped: today's budget for models is spent; the next day goes on",
    )
    assert [state for _, state, _ in _states(desk)] == ["transcribed", "stored"]
    with desk.session() as connection:
        connection.execute(text("update ai.usage set used_on = used_on - 1"))
    assert _transcribe(desk) == (1, 1, "")


def test_the_server_s_refusal_of_one_call_is_not_tried_for_ever(
    desk: Resources, script: Script, pending, sandbox: Sandbox
) -> None:
    """A key that is not accepted fails the step; the recording stays where it was."""
    pending(1)
    _fetch(desk, script, load_clips()[0].path.read_bytes())
    headers = {"Authorization": f"Bearer {sandbox.control_token}"}
    fault = {"path": "/audio/transcriptions", "kind": "403"}
    asked = httpx.post(f"{sandbox.control_url}/faults", json=fault, headers=headers)
    assert asked.is_success
    with pytest.raises(Exception, match="forbidden"):
        _transcribe(desk)
    assert _states(desk) == [(1, "stored", None)]
    assert _transcribe(desk) == (1, 1, "")


def test_local_models_are_a_choice(desk: Resources, script: Script, pending) -> None:
    """Beside a key: seconds in the ledger, at no cost."""
    clip = load_clips()[1]
    pending(1)
    _fetch(desk, script, clip.path.read_bytes())
    with desk.session() as connection:
        choose(connection, desk.organization.org_id, "transcribe", Choice("local", language="en"))
    assert _transcribe(desk) == (1, 1, "")
    said, heard = words_of(clip.text), words_of(_transcript(desk, 1).text)
    assert word_errors(said, heard) / len(said) < 0.2
    with desk.session() as connection:
        used = connection.execute(text("select provider, audio_seconds, cost_usd from ai.usage"))
        assert [tuple(row) for row in used] == [
            ("local", pytest.approx(clip.duration_seconds, abs=0.1), 0)
        ]


def test_word_errors_on_the_repository_s_calls() -> None:
    """At telephone quality at most one word in fourteen is wrong."""
    found = measure_accuracy(LocalTranscriber(cpu_threads=2))
    told = json.loads(CLIPS.read_text())
    assert found.words == sum(
        len(words_of(" ".join(turn["text"] for turn in one["turns"]))) for one in told
    )
    assert found.word_error_rate <= 0.07


def test_a_no_that_comes_late_is_not_heard(
    desk: Resources, script: Script, pending, as_of, sandbox: Sandbox
) -> None:
    """Stored, then objected to: no second of it leaves."""
    pending(7)
    _fetch(desk, script, load_clips()[0].path.read_bytes())
    _call(desk, 7, "opt_out", "caller_opted_out", as_of)
    headers = {"Authorization": f"Bearer {sandbox.control_token}"}
    with httpx.Client(base_url=sandbox.control_url, headers=headers) as control:
        control.delete("/requests")
        assert _transcribe(desk) == (1, 0, "")
        asked = control.get("/requests", params={"path": "/audio"}).json()
    assert asked["requests"] == []
