"""The local model on recorded speech: WAV, MP3 and Ogg."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from tasks.errors import BadRecordError, PermanentError
from tasks.speech import LocalTranscriber, Transcript
from tasks.speech.local import WEIGHTS_SHA256

CLIPS = Path(__file__).with_name("clips")
SAID: dict[str, str] = json.loads((CLIPS / "transcripts.json").read_text(encoding="utf-8"))
MAX_WORD_ERROR_RATE = 0.10


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower().replace("e-mail", "email"))


def word_errors(said: list[str], heard: list[str]) -> int:
    """The least number of words to insert, delete or replace."""
    row = list(range(len(heard) + 1))
    for at, word in enumerate(said, start=1):
        before, row[0] = row[0], at
        for to, other in enumerate(heard, start=1):
            before, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, before + (word != other))
    return row[-1]


@pytest.fixture(scope="module")
def transcriber() -> LocalTranscriber:
    return LocalTranscriber(cpu_threads=1)


@pytest.fixture(scope="module")
def transcripts(transcriber) -> dict[str, Transcript]:
    return {name: transcriber.transcribe((CLIPS / name).read_bytes()) for name in SAID}


def test_the_measure_on_worked_examples():
    assert word_errors(["a", "b", "c"], ["a", "x", "c", "d"]) == 2
    assert word_errors([], ["a"]) == 1
    assert word_errors(["a"], []) == 1


def test_few_words_are_wrong(transcripts):
    errors = sum(
        word_errors(words_of(said), words_of(transcripts[name].text)) for name, said in SAID.items()
    )
    assert errors / sum(len(words_of(said)) for said in SAID.values()) <= MAX_WORD_ERROR_RATE


@pytest.mark.parametrize("name", SAID)
def test_segments_lie_in_order_within_the_recording(transcripts, name):
    found = transcripts[name]
    assert found.language == "en"
    assert found.segments
    ends = [0.0]
    for segment in found.segments:
        assert ends[-1] <= segment.start_seconds + 0.05 < segment.end_seconds + 0.05
        assert segment.end_seconds <= found.duration_seconds + 0.5
        assert 0 < segment.confidence <= 1
        assert segment.text == segment.text.strip() != ""
        ends.append(segment.end_seconds)


def test_the_same_recording_gives_the_same_transcript(transcriber, transcripts):
    name = min(SAID, key=lambda one: (CLIPS / one).stat().st_size)
    assert transcriber.transcribe((CLIPS / name).read_bytes()) == transcripts[name]


@pytest.mark.parametrize("loudness", [0.0, 0.02])
def test_silence_and_noise_give_no_text(transcriber, wav_of, loudness):
    noise = np.random.default_rng(1).normal(0, 1, 3 * 16_000).clip(-1, 1) * loudness
    found = transcriber.transcribe(wav_of(noise))
    assert found.segments == ()
    assert found.text == ""
    assert found.duration_seconds == pytest.approx(3.0, abs=0.01)


def test_a_broken_recording_is_a_bad_record(transcriber):
    with pytest.raises(BadRecordError) as caught:
        transcriber.transcribe(b"SECRET call")
    assert "SECRET" not in str(caught.value)


def test_a_recording_over_the_limit_is_refused(wav_of):
    with pytest.raises(BadRecordError, match="longer than"):
        LocalTranscriber(max_seconds=1).transcribe(wav_of(np.zeros(2 * 16_000)))


def test_the_version_names_model_and_weights(transcriber):
    assert transcriber.model_version == f"whisper-tiny.en-int8@{WEIGHTS_SHA256[:12]}"


def test_own_weights_have_their_own_version(tmp_path):
    (tmp_path / "model.bin").write_bytes(b"other weights")
    assert LocalTranscriber(model_path=tmp_path).model_version.startswith("whisper-tiny.en-int8@")
    assert WEIGHTS_SHA256[:12] not in LocalTranscriber(model_path=tmp_path).model_version


def test_missing_weights_are_no_fault_of_a_recording(tmp_path):
    with pytest.raises(PermanentError, match="cannot read") as caught:
        _ = LocalTranscriber(model_path=tmp_path).model_version
    assert not isinstance(caught.value, BadRecordError)
