"""Recorded calls: real speech at telephone quality, with its exact transcript.

``make.py`` made them from ``script.json``; ``clips.json`` describes them.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Clip:
    """One recording: 8 kHz mu-law WAV, two speakers."""

    name: str
    path: Path
    story: str
    identity_check: bool
    duration_seconds: float
    sha256: str
    turns: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The words of the whole call, without the speakers."""
        return " ".join(words for _, words in self.turns)


@cache
def load_clips() -> tuple[Clip, ...]:
    """The clips of ``clips.json`` in its order."""
    told = json.loads((HERE / "clips.json").read_text())
    return tuple(
        Clip(
            name=one["name"],
            path=HERE / one["file"],
            story=one["story"],
            identity_check=one["identity_check"],
            duration_seconds=one["duration_seconds"],
            sha256=one["sha256"],
            turns=tuple((turn["speaker"], turn["text"]) for turn in one["turns"]),
        )
        for one in told
    )


def clip_number(story: str, *, identity_check: bool) -> int:
    """The position of the clip that tells ``story``; -1 when none does."""
    for at, clip in enumerate(load_clips()):
        if clip.story == story and (
            story != "account_change" or clip.identity_check == identity_check
        ):
            return at
    return -1
