"""How many words a transcriber gets wrong on recordings whose words are known."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from tasks.settings import PROJECT
from tasks.speech.protocol import Audio, Transcriber, Transcript

# Telephone calls with their exact words, in the form of this folder's clips.json.
CLIPS = PROJECT / "sandbox" / "recordings" / "clips.json"


@dataclass(frozen=True)
class Accuracy:
    """`errors` are words inserted, deleted or replaced, of the `words` that were said."""

    errors: int
    words: int
    audio_seconds: float

    @property
    def word_error_rate(self) -> float:
        return self.errors / self.words


def measure_accuracy(transcriber: Transcriber, listing: Path = CLIPS) -> Accuracy:
    """The word errors over all clips that `listing` describes.

    Source: the word error rate of NIST's sclite, by Levenshtein distance over words, both sides in
    lower case without punctuation.
    """
    told = json.loads(listing.read_text())
    recordings = (Audio((listing.parent / one["file"]).read_bytes(), 0) for one in told)
    errors = words = 0
    seconds = 0.0
    for one, found in zip(told, transcriber.transcribe_each(recordings), strict=True):
        said = words_of(" ".join(turn["text"] for turn in one["turns"]))
        heard = words_of(found.text) if isinstance(found, Transcript) else []
        errors += word_errors(said, heard)
        words += len(said)
        seconds += one["duration_seconds"]
    return Accuracy(errors, words, seconds)


def words_of(text: str) -> list[str]:
    """The words in lower case; "e-mail" and "email" are one."""
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.lower().replace("e-mail", "email"))


def word_errors(said: list[str], heard: list[str]) -> int:
    """The least number of words to insert, delete or replace."""
    row = list(range(len(heard) + 1))
    for at, word in enumerate(said, start=1):
        before, row[0] = row[0], at
        for to, other in enumerate(heard, start=1):
            before, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, before + (word != other))
    return row[-1]
