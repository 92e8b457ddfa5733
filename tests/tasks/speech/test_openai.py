"""Speech to text by an OpenAI-compatible server: what is sent of a recording, what comes back."""

import math
from contextlib import ExitStack
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tasks.errors import BadRecordError
from tasks.openai import openai_service
from tasks.settings import Settings
from tasks.speech import Audio, Segment, Transcript
from tasks.speech.cutting import LONGEST_SECONDS, flac_of, speech_in
from tasks.speech.decoding import SAMPLE_RATE_HZ, decode_channels, decode_samples
from tasks.speech.openai import OpenAITranscriber
from tests.tasks.openai.server import Said, served

CLIP = Path(__file__).parent / "clips" / "outage.ogg"


@pytest.fixture(scope="module")
def speech():
    return decode_samples(CLIP.read_bytes(), max_seconds=60)


@pytest.fixture
def transcriber():
    """Makes a transcriber for a URL; its connections are closed at the end."""
    with ExitStack() as opened:

        def make(url, *, model="gpt-transcribe", **more):
            told = {"openai_api_key": "sk-test", "openai_base_url": url, "openai_concurrency": 4}
            service = opened.enter_context(openai_service(Settings(**told)))
            return OpenAITranscriber(service, model=model, **more)

        yield make


def form(asked):
    """The parts of a multipart form by name."""
    boundary = asked.headers["content-type"].partition("boundary=")[2].encode()
    parts = {}
    for piece in asked.body.split(b"--" + boundary)[1:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        name = head.split(b'name="')[1].split(b'"')[0].decode()
        parts[name] = content.removesuffix(b"\r\n")
    return parts


def numbered(asked):
    """Each piece says how many seconds it has."""
    samples = decode_samples(form(asked)["file"], max_seconds=60)
    return Said({"text": f" {samples.size / SAMPLE_RATE_HZ:.2f} ", "usage": None})


def test_pieces_keep_their_place_in_a_long_recording(transcriber, wav_of, speech):
    """Speech, ten seconds of silence, speech again: offsets are the recording's, none too long."""
    silence = np.zeros(10 * SAMPLE_RATE_HZ)
    whole = np.concatenate([silence, speech, speech, speech, speech, silence, speech])
    with served(numbered) as server:
        found = transcriber(server.url).transcribe(wav_of(whole))
    assert found.duration_seconds == pytest.approx(whole.size / SAMPLE_RATE_HZ, abs=0.01)
    assert len(found.segments) == len(server.asked) >= 3
    starts = [segment.start_seconds for segment in found.segments]
    assert starts == sorted(starts)
    assert starts[0] == pytest.approx(10, abs=1.0)
    last = found.segments[-1]
    assert last.start_seconds == pytest.approx(20 + 4 * speech.size / SAMPLE_RATE_HZ, abs=1.0)
    for segment in found.segments:
        seconds = segment.end_seconds - segment.start_seconds
        assert seconds <= LONGEST_SECONDS + 1
        assert float(segment.text) == pytest.approx(seconds, abs=0.02)
        assert segment.confidence is None
        assert segment.speaker == "unknown"


@pytest.mark.parametrize("loudness", [0.0, 0.02])
def test_silence_and_noise_are_not_sent(transcriber, wav_of, loudness):
    """A model that hears nothing makes words up."""
    noise = np.random.default_rng(1).normal(0, 1, 3 * SAMPLE_RATE_HZ).clip(-1, 1) * loudness
    with served(numbered) as server:
        found = transcriber(server.url).transcribe(wav_of(noise))
    assert found.segments == ()
    assert server.asked == []


def test_each_channel_is_heard_by_itself(transcriber, wav_of, speech):
    """The customer on the first, the agent on the second, in the order of time."""
    pause = np.zeros(speech.size + 2 * SAMPLE_RATE_HZ)
    customer = np.concatenate([speech, pause])
    agent = np.concatenate([pause, speech])
    stereo = wav_of(np.column_stack([customer, agent]).reshape(-1), channels=2)
    with served(numbered) as server:
        found = transcriber(server.url, agent_channel=1).transcribe(stereo)
        speakers = [segment.speaker for segment in found.segments]
        assert set(speakers[: len(speakers) // 2]) == {"customer"}
        assert set(speakers[len(speakers) // 2 :]) == {"agent"}
        turned = transcriber(server.url, agent_channel=0).transcribe(stereo)
        assert turned.segments[0].speaker == "agent"
        nobody = transcriber(server.url).transcribe(stereo)
    assert {segment.speaker for segment in nobody.segments} == {"unknown"}


def test_two_channels_with_the_same_sound_are_one(wav_of, speech):
    """A mono call that is stored as stereo is paid for once."""
    stereo = wav_of(np.repeat(speech, 2), channels=2)
    assert len(decode_channels(stereo, max_seconds=60)) == 1


def test_language_and_confidence_where_they_are_told(transcriber, wav_of, speech):
    """The language asked for; the mean of the tokens' probabilities from a model that has them."""

    def sure(_asked):
        logprobs = [{"token": "a", "logprob": math.log(0.9)}, {"token": "b", "logprob": 0.0}]
        return Said({"text": "Hallo.", "logprobs": logprobs, "usage": None})

    with served(sure) as server:
        heard = transcriber(server.url, model="gpt-4o-transcribe", language="de")
        found = heard.transcribe(wav_of(speech))
    parts = form(server.asked[0])
    assert parts["language"] == b"de"
    assert parts["include[]"] == b"logprobs"
    assert found.language == "de"
    assert found.segments[0].confidence == pytest.approx(math.sqrt(0.9), abs=1e-4)


def test_a_language_that_the_model_heard_is_kept(transcriber, wav_of, speech):
    """Nothing is asked for; what is told is stored."""

    def french(_asked):
        return Said({"text": "Bonjour.", "languages": [{"code": "fr"}], "usage": None})

    with served(french) as server:
        found = transcriber(server.url).transcribe(wav_of(speech))
    assert "language" not in form(server.asked[0])
    assert found.language == "fr"


def test_what_cannot_be_decoded_stands_in_its_place(transcriber, wav_of, speech):
    """Between two recordings, one that is none: its reason, and both others."""
    good = Audio(wav_of(speech), 1)
    with served(numbered) as server:
        found = list(transcriber(server.url).transcribe_each([good, Audio(b"SECRET", 2), good]))
    assert [type(one) for one in found] == [Transcript, BadRecordError, Transcript]
    assert found[1].reason == "unknown_format"
    assert found[0] == found[2]


def test_a_file_of_a_piece_holds_its_samples(speech):
    """FLAC loses nothing; half a minute is far below what a server takes."""
    piece = speech_in(speech)[0]
    flac = flac_of(speech[piece.start : piece.end])
    assert len(flac) < 2 * 2**20
    back = decode_samples(flac, max_seconds=60)
    assert np.abs(back - speech[piece.start : piece.end]).max() < 1e-4


def test_transcripts_that_were_sealed_without_speakers_open():
    """Those of before had no `speaker`."""
    old = b'{"language":"en","duration_seconds":2.0,"segments":[{"start_seconds":0.0,'
    old += b'"end_seconds":1.0,"text":"Hello.","confidence":0.9}]}'
    found = msgspec.json.decode(old, type=Transcript)
    assert found.segments == (Segment(0.0, 1.0, "Hello.", 0.9, "unknown"),)
