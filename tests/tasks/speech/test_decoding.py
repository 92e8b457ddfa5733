"""Recordings to samples, and what is no recording."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.errors import BadRecordError
from tasks.speech.decoding import SAMPLE_RATE_HZ, decode_samples


def tone(seconds: float, rate: int = SAMPLE_RATE_HZ) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)


def test_samples_are_mono_float32_in_range(wav_of):
    samples = decode_samples(wav_of(tone(1.0)), max_seconds=5)
    assert samples.dtype == np.float32
    assert samples.shape == (SAMPLE_RATE_HZ,)
    assert 0.45 < np.abs(samples).max() <= 1.0


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (44_100, 1), (8_000, 2)])
def test_other_rates_and_channels_are_converted(wav_of, rate, channels):
    samples = decode_samples(
        wav_of(np.repeat(tone(1.0, rate), channels), rate=rate, channels=channels), max_seconds=5
    )
    assert abs(samples.size - SAMPLE_RATE_HZ) < 100


@pytest.mark.parametrize(
    ("audio", "reasons"),
    [
        (b"", {"empty"}),
        (b"SECRET", {"unknown_format"}),
        (b"SECRET" * 1_000, {"unknown_format"}),
        (b"RIFF\x00\x00\x00\x00WAVESECRET", {"undecodable"}),
        (b"OggS" + b"SECRET" * 50, {"undecodable", "no_audio"}),
        (b"ID3" + b"SECRET" * 50, {"undecodable", "no_audio"}),
        (b"\xff\xfb" + b"SECRET" * 50, {"undecodable", "no_audio"}),
        (b"#EXTM3U\nfile:///etc/hostname SECRET\n", {"unknown_format"}),
        (b"ffconcat version 1.0\nfile 'SECRET'\n", {"unknown_format"}),
    ],
)
def test_what_is_no_recording_is_a_bad_record_without_the_bytes(audio, reasons):
    with pytest.raises(BadRecordError) as caught:
        decode_samples(audio, max_seconds=60)
    assert caught.value.reason in reasons
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_recording_without_samples_is_a_bad_record(wav_of):
    with pytest.raises(BadRecordError):
        decode_samples(wav_of(np.zeros(0)), max_seconds=60)


def test_a_recording_that_is_too_long_is_refused(wav_of):
    with pytest.raises(BadRecordError, match="longer than 1 seconds") as caught:
        decode_samples(wav_of(tone(1.5)), max_seconds=1)
    assert caught.value.reason == "too_long"


@settings(deadline=None, max_examples=40)
@given(
    magic=st.sampled_from((b"", b"ID3", b"OggS", b"fLaC", b"\x1a\x45\xdf\xa3", b"\xff\xfb")),
    rest=st.binary(max_size=300),
)
def test_random_bytes_give_samples_or_a_bad_record(magic, rest):
    try:
        samples = decode_samples(magic + rest, max_seconds=60)
    except BadRecordError:
        return
    assert samples.dtype == np.float32
