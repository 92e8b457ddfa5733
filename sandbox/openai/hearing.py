"""Which part of which known recording an uploaded sound is, however it was cut and coded."""

import importlib
import io
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.recordings import Clip, load_clips

RATE_HZ = 8_000
FORMATS = {"flac": "flac", "wav": "wav", "mp3": "mp3", "ogg": "ogg"}
# Of two sounds that are the same but for their coding; other speech stays below a tenth.
ALIKE = 0.5
SHORTEST_SECONDS = 0.2
Sound = NDArray[np.float32]


def words_in(content: bytes, ending: str) -> tuple[str, float]:
    """The words that are said in a sound, "" where it is none of ours, and its seconds."""
    sound = _decoded(content, FORMATS.get(ending))
    seconds = sound.size / RATE_HZ
    if seconds < SHORTEST_SECONDS:
        return "", seconds
    score, clip, start = max((_place(sound, clip) for clip in load_clips()), key=lambda one: one[0])
    return (_said(clip, start, start + seconds) if score >= ALIKE else ""), seconds


def _decoded(content: bytes, form: str | None) -> Sound:
    """Mono samples; none where nothing can be decoded."""
    if form is None:
        return np.zeros(0, dtype=np.float32)
    av: Any = importlib.import_module("av")
    pieces = []
    try:
        with av.open(io.BytesIO(content), format=form) as file:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
            for frame in (*file.decode(audio=0), None):
                pieces += [one.to_ndarray().reshape(-1) for one in resampler.resample(frame)]
    except (av.FFmpegError, IndexError, ValueError):
        return np.zeros(0, dtype=np.float32)
    whole = np.concatenate(pieces) if pieces else np.zeros(0)
    return whole.astype(np.float32) / np.float32(32_768)


@cache
def _clip_sound(clip: Clip) -> Sound:
    return _decoded(clip.path.read_bytes(), "wav")


def _place(sound: Sound, clip: Clip) -> tuple[float, Clip, float]:
    """How alike the sound is to the clip where it fits best (0 to 1), and the second of that."""
    whole = _clip_sound(clip)
    size = 1 << (whole.size + sound.size - 1).bit_length()
    spectrum = np.fft.rfft(whole, size) * np.conj(np.fft.rfft(sound, size))
    fits = np.fft.irfft(spectrum, size)
    at = int(np.argmax(fits))
    start = at if at < whole.size else at - size
    under = whole[max(start, 0) : start + sound.size]
    energy = float(np.linalg.norm(sound) * np.linalg.norm(under))
    return (float(fits[at]) / energy if energy else 0.0), clip, start / RATE_HZ


def _said(clip: Clip, start: float, end: float) -> str:
    """The words of that stretch, as if each letter took the same time."""
    words = clip.text.split()
    letters = np.cumsum([len(word) for word in words])
    middles = (letters - [len(word) / 2 for word in words]) / letters[-1] * clip.duration_seconds
    return " ".join(word for word, at in zip(words, middles, strict=True) if start <= at < end)
