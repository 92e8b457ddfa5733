"""A conversation as one row of sentences, each with its speaker and its place."""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.scoring.records import Conversation, Evidence, Speaker, Turn
from tasks.scoring.sentences import split_sentences
from tasks.scoring.speakers import speaker_of


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence; `position` counts sentences, `turn_position` turns, both from 0."""

    position: int
    turn_position: int
    speaker: Speaker
    is_public: bool
    text: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Script:
    """The lines of a conversation by who said them and who could read them."""

    lines: tuple[Line, ...]

    @property
    def agent(self) -> tuple[Line, ...]:
        """What agents said to the customer."""
        return tuple(line for line in self.lines if line.speaker == "agent" and line.is_public)

    @property
    def notes(self) -> tuple[Line, ...]:
        """What agents wrote for each other."""
        return tuple(line for line in self.lines if line.speaker == "agent" and not line.is_public)

    @property
    def others(self) -> tuple[Line, ...]:
        """What the customer said, or on a call may have said."""
        return tuple(line for line in self.lines if line.speaker in ("customer", "unknown"))

    @property
    def unattributed(self) -> tuple[Line, ...]:
        """What on a call may have been said by either side."""
        return tuple(line for line in self.lines if line.speaker == "unknown")

    @property
    def opening(self) -> tuple[Line, ...]:
        """The agent's lines in the first turn in which one speaks."""
        spoken = self.agent
        return tuple(one for one in spoken if one.turn_position == spoken[0].turn_position)


def script_of(conversation: Conversation) -> Script:
    """The lines of a conversation, in its order."""
    lines: list[Line] = []
    for turn_position, turn in enumerate(conversation.turns):
        lines.extend(_lines_of(turn, turn_position, len(lines)))
    return Script(tuple(lines))


def _lines_of(turn: Turn, turn_position: int, first_position: int) -> Sequence[Line]:
    return [
        Line(
            position=position,
            turn_position=turn_position,
            speaker=speaker_of(turn, sentence.text),
            is_public=turn.is_public,
            text=sentence.text,
            evidence=Evidence(turn.comment_id, turn.turn_no, sentence.start, sentence.end),
        )
        for position, sentence in enumerate(split_sentences(turn.text), start=first_position)
    ]
