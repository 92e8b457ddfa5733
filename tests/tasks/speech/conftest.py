"""Recordings made of samples."""

import io
import wave
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray


@pytest.fixture(scope="session")
def wav_of() -> Callable[..., bytes]:
    """A 16-bit WAV of samples in -1..1, interleaved when there is more than one channel."""

    def make(samples: NDArray[np.float64], *, rate: int = 16_000, channels: int = 1) -> bytes:
        file = io.BytesIO()
        with wave.open(file, "wb") as writer:
            writer.setnchannels(channels)
            writer.setsampwidth(2)
            writer.setframerate(rate)
            writer.writeframes((samples * 32_767).astype("<i2").tobytes())
        return file.getvalue()

    return make
