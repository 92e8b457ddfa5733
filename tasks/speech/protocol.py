"""What every provider of speech to text offers."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech, in seconds from the start of the recording; confidence in 0..1."""

    start_seconds: float
    end_seconds: float
    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said, in order; a recording without speech has no segments."""

    language: str
    duration_seconds: float
    segments: tuple[Segment, ...]

    @property
    def text(self) -> str:
        """All segments in one line."""
        return " ".join(segment.text for segment in self.segments)


class Transcriber(Protocol):
    """Turns a recording into text."""

    @property
    def model_version(self) -> str:
        """The name of model and weights, stored with each transcript."""
        ...

    def transcribe(self, audio: bytes) -> Transcript:
        """The transcript of one recording held in memory: its bytes never touch a disk.

        Raises:
            BadRecordError: the bytes are no recording that can be decoded.
            TransientError: the provider cannot answer now.
        """
        ...
