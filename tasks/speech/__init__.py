"""Recordings into transcripts."""

from tasks.speech.local import LocalTranscriber
from tasks.speech.protocol import Segment, Transcriber, Transcript

__all__ = ["LocalTranscriber", "Segment", "Transcriber", "Transcript"]
