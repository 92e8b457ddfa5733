"""Recordings into transcripts."""

from tasks.speech.local import LocalTranscriber
from tasks.speech.protocol import Audio, Segment, Transcriber, Transcript

__all__ = ["Audio", "LocalTranscriber", "Segment", "Transcriber", "Transcript"]
