"""What every provider of speech to text offers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from tasks.errors import BadRecordError

Speaker = Literal["customer", "agent", "unknown"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech, in seconds from the start of the recording.

    `confidence` is in 0..1, or None where the model does not tell it; `speaker` is known where
    each has a channel to himself.
    """

    start_seconds: float
    end_seconds: float
    text: str
    confidence: float | None
    speaker: Speaker = "unknown"


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


@dataclass(frozen=True, slots=True, repr=False)
class Audio:
    """A recording held in memory, of this ticket."""

    data: bytes
    ticket_id: int


class Transcriber(Protocol):
    """Turns a recording into text."""

    @property
    def remote(self) -> bool:
        """Whether recordings leave this machine."""
        ...

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

    def transcribe_each(self, recordings: Iterable[Audio]) -> Iterator[Transcript | BadRecordError]:
        """For each recording in turn its transcript, or why there is none; some are read ahead.

        Raises: TransientError, and what else is no fault of a recording.
        """
        ...


def speaker_of(channel: int, channels: int, agent_channel: int | None) -> Speaker:
    """Whose channel this is: one of two, where the agent's is known."""
    if channels != 2 or agent_channel is None:
        return "unknown"
    return "agent" if channel == agent_channel else "customer"
