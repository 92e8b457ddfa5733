"""Conversations that leave: hidden are the people, and what is said of them is found again here."""

from dataclasses import dataclass, replace

from tasks.redaction.records import Redacted
from tasks.redaction.redactor import Redactor
from tasks.scoring.records import Conversation, Evidence


@dataclass(frozen=True, repr=False)
class HiddenConversation:
    """A conversation without what is personal in its words, and the way back."""

    conversation: Conversation
    redacted: Redacted

    def original(self, at: Evidence | None) -> Evidence | None:
        """The place in the original conversation of one in the hidden one."""
        if at is None:
            return None
        turns = [(turn.comment_id, turn.turn_no) for turn in self.conversation.turns]
        number = turns.index((at.comment_id, at.turn_no))
        start, end = self.redacted.original_span(number, at.start_char, at.end_char)
        return replace(at, start_char=start, end_char=end)


def hidden(conversation: Conversation, redactor: Redactor) -> HiddenConversation:
    """The conversation as it may leave; its subject stays here."""
    redacted = redactor.redact([turn.text for turn in conversation.turns])
    turns = zip(conversation.turns, redacted.texts, strict=True)
    told = tuple(replace(turn, text=text) for turn, text in turns)
    return HiddenConversation(replace(conversation, turns=told, subject=""), redacted)
