"""What is no recording, or one that means harm: noted with a reason, and the others are heard."""

import io
import struct
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from tasks.errors import BadRecordError
from tasks.recordings import fetch_recordings
from tasks.resources import Resources
from tasks.speech.decoding import decode_channels
from tasks.transcribe import transcribe_recordings
from tests.fuzz.tally import HELD, LOADED, OTHER, Tally, examples, tallied
from tests.tasks.recordings.conftest import desk, pending, script  # noqa: F401
from tests.tasks.zendesk.scripted.server import Said, Script

CLIPS = Path(__file__).parents[1] / "tasks/speech/clips"
REASONS = {"empty", "unknown_format", "undecodable", "no_audio", "too_long"}
SECONDS = 20.0  # of the processor


TONE = (np.sin(np.arange(48_000) / 20) * 9_000).astype(np.int16)


def coded(container: str, codec: str, samples: np.ndarray = TONE, rate: int = 48_000) -> bytes:
    """Samples in a container."""
    file, told = io.BytesIO(), samples.reshape(1, -1)
    with av.open(file, "w", format=container) as made:
        stream = made.add_stream(codec, rate=rate, layout="mono")
        resampler = av.AudioResampler(stream.format.name, "mono", rate, stream.frame_size or 1_024)
        frame = av.AudioFrame.from_ndarray(told, format="s16", layout="mono")
        frame.sample_rate = rate
        for one in (*resampler.resample(frame), *resampler.resample(None)):
            made.mux(stream.encode(one))
        made.mux(stream.encode(None))
    return file.getvalue()


def wav(rate: int = 8_000, channels: int = 1, frames: int = 8_000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as made:
        made.setnchannels(channels)
        made.setsampwidth(2)
        made.setframerate(rate)
        made.writeframes(bytes(2 * channels * frames))
    return file.getvalue()


def patched(at: int, form: str, value: int) -> bytes:
    """A second of silence whose header says something else. Source: the RIFF WAVE format."""
    made = bytearray(wav())
    struct.pack_into(form, made, at, value)
    return bytes(made)


GOOD = {
    "wav": (CLIPS / "address.wav").read_bytes()[:40_000],
    "ogg": (CLIPS / "outage.ogg").read_bytes(),
    "mp3": (CLIPS / "refund.mp3").read_bytes()[:30_000],
    "flac": coded("flac", "flac"),
    "mp4": coded("mp4", "aac"),
    "matroska": coded("matroska", "pcm_s16le"),
}
MADE = {
    "nothing": b"",
    "words": b"this is no recording",
    "a page": b"<html><body>Not found</body></html>",
    "a playlist": b"#EXTM3U\nfile:///etc/hostname\n",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(500),
    "a header alone": wav(frames=0),
    "no channels": patched(22, "<H", 0),
    "all channels": patched(22, "<H", 65_535),
    "no rate": patched(24, "<I", 0),
    "1 Hz": patched(24, "<I", 1),
    "4 GHz": patched(24, "<I", 2**32 - 1),
    "no bits": patched(34, "<H", 0),
    "unknown codec": patched(20, "<H", 0xFFFE),
    "endless size": patched(40, "<I", 2**32 - 1),
    "endless header": patched(16, "<I", 2**32 - 1),
    "one sample": wav(frames=1),
    "silence": wav(frames=16_000),
    "cut off": GOOD["ogg"][:2_000],
    "another's head": GOOD["flac"][:4] + GOOD["mp3"][:9_000],
    "twice": GOOD["mp3"][:9_000] * 2,
}


@pytest.fixture(scope="module")
def tally() -> Iterator[Tally]:
    with tallied("recordings") as found:
        yield found


def _decoded(audio: bytes, tally: Tally, most_seconds: float = 600) -> None:
    begun = time.process_time()
    try:
        channels = decode_channels(audio, max_seconds=most_seconds)
        assert 1 <= len(channels) <= 2
        assert all(one.dtype == np.float32 and one.size for one in channels)
        tally.add(LOADED)
    except BadRecordError as error:
        tally.add(HELD if error.reason in REASONS else OTHER)
    except BaseException:
        tally.add(OTHER)
        raise
    assert time.process_time() - begun < SECONDS


def test_spoilt_recordings_are_decoded_or_refused(tally: Tally) -> None:
    """Bytes changed, cut out or put in, above all in the headers: in bounded time."""

    @examples(50)
    @given(st.sampled_from(sorted(GOOD)), st.data())
    def spoil(kind: str, data: st.DataObject) -> None:
        audio = bytearray(GOOD[kind])
        near = st.integers(0, 120) | st.integers(0, len(audio) - 1)
        for at in data.draw(st.lists(near, min_size=1, max_size=12)):
            told = data.draw(st.sampled_from((b"\0" * 4, b"\xff" * 4)) | st.binary(max_size=6))
            keep = data.draw(st.booleans())
            audio[at : at + (len(told) if keep else 0)] = told
        _decoded(bytes(audio[: data.draw(st.integers(0, len(audio)))]), tally)

    spoil()


@pytest.mark.parametrize("name", MADE)
def test_made_recordings_are_decoded_or_refused(name: str, tally: Tally) -> None:
    """What a header may say that no recorder writes."""
    _decoded(MADE[name], tally)


def test_a_recording_that_decodes_for_ever_is_refused(tally: Tally) -> None:
    """Minutes of silence take a few kilobytes: it stops where the longest call would."""
    audio = coded("flac", "flac", np.zeros(600 * 8_000, np.int16), 8_000)
    assert len(audio) < 200_000
    begun = time.process_time()
    with pytest.raises(BadRecordError, match="longer than 300 seconds"):
        decode_channels(audio, max_seconds=300)
    assert time.process_time() - begun < SECONDS
    tally.add(HELD)


def test_the_stage_goes_on_and_each_call_has_its_reason(
    desk: Resources,  # noqa: F811
    script: Script,  # noqa: F811
    pending: Callable[..., int],  # noqa: F811
    tally: Tally,
) -> None:
    """Fetched, sealed and heard as ever; the one that is good has its words."""
    told = [*MADE.values(), GOOD["ogg"]]
    for number in range(len(told)):
        pending(number + 1)
    script.answers = [Said(one, headers={"content-length": str(len(one))}) for one in told]
    fetch_recordings.fn(desk.organization.slug)
    transcribe_recordings.fn(desk.organization.slug)
    with desk.session() as connection:
        query = "select call_id, state, reason from zendesk.recordings order by call_id"
        found = [tuple(row) for row in connection.execute(text(query))]
    for name, (_, state, reason) in zip(MADE, found, strict=False):
        heard = (state, reason) == ("transcribed", None)
        assert heard or (state == "undecodable" and reason in REASONS), (name, state, reason)
        tally.add(LOADED if heard else HELD)
    assert found[-1] == (len(told), "transcribed", None)
