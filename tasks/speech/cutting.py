"""Cutting a channel where nobody speaks, and making files of its pieces."""

import importlib
import io
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tasks.speech.decoding import SAMPLE_RATE_HZ, Samples

# Long enough to be understood from what is around a word, short enough to tell who speaks when.
LONGEST_SECONDS = 30.0
# A longer pause begins a new piece: the other one may be speaking in it.
PAUSE_SECONDS = 1.0
# Of the detector: what counts as a pause within speech, and what is kept around it.
SILENCE_MILLISECONDS = 500
PAD_MILLISECONDS = 200


class Piece(NamedTuple):
    """Speech from one sample of a channel to another, the end excluded."""

    start: int
    end: int

    @property
    def start_seconds(self) -> float:
        return round(self.start / SAMPLE_RATE_HZ, 3)

    @property
    def end_seconds(self) -> float:
        return round(self.end / SAMPLE_RATE_HZ, 3)

    @property
    def seconds(self) -> float:
        return (self.end - self.start) / SAMPLE_RATE_HZ


def speech_in(samples: Samples) -> list[Piece]:
    """The speech of a channel in pieces of at most half a minute, in order; none of silence.

    Source: Silero VAD (MIT), as faster-whisper carries it.
    """
    # By name, because the library carries no types.
    vad = importlib.import_module("faster_whisper.vad")
    options = vad.VadOptions(
        max_speech_duration_s=LONGEST_SECONDS,
        min_silence_duration_ms=SILENCE_MILLISECONDS,
        speech_pad_ms=PAD_MILLISECONDS,
    )
    heard = vad.get_speech_timestamps(samples, options, sampling_rate=SAMPLE_RATE_HZ)
    return list(_packed(Piece(int(one["start"]), int(one["end"])) for one in heard))


def _packed(heard: Iterator[Piece]) -> Iterator[Piece]:
    """Neighbours as one piece, where no pause is between them and both fit into it."""
    present: Piece | None = None
    for piece in heard:
        if present is None:
            present = piece
        elif (
            piece.start - present.end <= PAUSE_SECONDS * SAMPLE_RATE_HZ
            and piece.end - present.start <= LONGEST_SECONDS * SAMPLE_RATE_HZ
        ):
            present = Piece(present.start, piece.end)
        else:
            yield present
            present = piece
    if present is not None:
        yield present


def flac_of(samples: Samples) -> bytes:
    """A FLAC file of samples, made in memory."""
    av = importlib.import_module("av")
    pcm = (samples.clip(-1, 1) * 32_767).astype(np.int16).reshape(1, -1)
    file = io.BytesIO()
    with av.open(file, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=SAMPLE_RATE_HZ, layout="mono")
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE_HZ
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return file.getvalue()
