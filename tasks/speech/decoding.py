"""Recordings to samples, in memory."""

import importlib
import io
from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.errors import BadRecordError

SAMPLE_RATE_HZ = 16_000
MAX_SECONDS = 4 * 3600.0
Samples = NDArray[np.float32]
# At other rates nobody records; one frame at 1 Hz would become a day of samples.
RATES_HZ = range(1_000, 384_001)
# Of the mean level, what channels with the same sound differ by at most.
SAME = 0.02

# Only containers known by their first bytes are opened, each by its own demuxer. Left to guess,
# FFmpeg also accepts playlists, which make it open the files and addresses that they name.
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (8, b"WAVE", "wav"),
    (0, b"ID3", "mp3"),
    (0, b"OggS", "ogg"),
    (0, b"fLaC", "flac"),
    (4, b"ftyp", "mp4"),
    (0, b"\x1a\x45\xdf\xa3", "matroska"),
)


def decode_samples(audio: bytes, *, max_seconds: float) -> Samples:
    """Mono samples at 16 kHz, float32 in -1..1, shape (n_samples,).

    Raises:
        BadRecordError: with the reason "empty", "unknown_format", "undecodable", "no_audio" or
            "too_long"; never with a byte of the recording.
    """
    channels = decode_channels(audio, max_seconds=max_seconds)
    if len(channels) == 1:
        return channels[0]
    return np.asarray(np.mean(channels, axis=0), dtype=np.float32)


def decode_channels(audio: bytes, *, max_seconds: float) -> list[Samples]:
    """The channels of a recording, each as `decode_samples` returns them: one or two.

    Two channels that say the same are one; of more than two the mix is taken.

    Raises: as `decode_samples`.
    """
    pieces: list[NDArray[np.int16]] = []
    left = int(max_seconds * SAMPLE_RATE_HZ)
    for piece in _iter_pcm(audio, _container_format(audio)):
        left -= len(piece)
        if left < 0:
            raise BadRecordError(
                f"speech: the recording is longer than {max_seconds:.0f} seconds",
                reason="too_long",
            )
        pieces.append(piece)
    if not pieces:
        raise BadRecordError(
            "speech: the recording holds no audio that can be decoded", reason="no_audio"
        )
    whole = np.concatenate(pieces)
    pieces.clear()  # four hours of two channels are a gigabyte, for a moment twice
    channels = [whole[:, number] for number in range(whole.shape[1])]
    if len(channels) == 2 and _are_the_same(*channels):
        channels = channels[:1]
    return [channel.astype(np.float32) / np.float32(32_768) for channel in channels]


def _are_the_same(one: NDArray[np.int16], other: NDArray[np.int16]) -> bool:
    """Whether they differ by no more than a coder's noise: a mono call stored as stereo."""
    level = np.abs(one, dtype=np.float32).mean()
    difference = np.abs(one.astype(np.float32) - other).mean()
    return bool(difference <= SAME * level)


def _container_format(audio: bytes) -> str:
    if not audio:
        raise BadRecordError("speech: the recording is empty", reason="empty")
    for offset, magic, name in _MAGIC:
        if audio[offset : offset + len(magic)] == magic:
            return name
    # An MPEG audio frame without a tag before it: eleven set bits, then a layer that is not 0.
    if len(audio) > 2 and audio[0] == 0xFF and audio[1] & 0xE0 == 0xE0 and audio[1] & 0x06:
        return "mp3"
    raise BadRecordError(
        "speech: the recording is in no known audio format", reason="unknown_format"
    )


def _iter_pcm(audio: bytes, container_format: str) -> Iterator[NDArray[np.int16]]:
    """Pieces of shape (n_samples, channels)."""
    av = importlib.import_module("av")
    try:
        with av.open(io.BytesIO(audio), format=container_format, metadata_errors="ignore") as file:
            told = file.streams.audio[0].codec_context
            if told is None or told.sample_rate not in RATES_HZ:
                raise ValueError("a coder that nobody knows, or a rate that nobody records at")
            channels = 2 if told.layout.nb_channels == 2 else 1
            layout = "stereo" if channels == 2 else "mono"
            resampler = av.AudioResampler(format="s16", layout=layout, rate=SAMPLE_RATE_HZ)
            for frame in chain(_iter_frames(av, file), [None]):
                for resampled in resampler.resample(frame):
                    yield resampled.to_ndarray().reshape(-1, channels)
    except (av.FFmpegError, IndexError, ValueError):
        # Without its cause: FFmpeg's messages may quote the recording's own metadata.
        raise BadRecordError(
            "speech: the recording cannot be decoded", reason="undecodable"
        ) from None


def _iter_frames(av: Any, file: Any) -> Iterator[Any]:
    """Decoded frames; a broken packet in a call is a gap, not the end of the call."""
    stream = file.streams.audio[0]
    for packet in file.demux(stream):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            continue
