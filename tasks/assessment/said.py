"""What was said, sentence by sentence, with its place: greetings and quoted mail left out."""

from collections.abc import Iterator
from dataclasses import dataclass

from tasks.scoring.courtesies import message_sentences
from tasks.scoring.records import Conversation, Evidence, Turn
from tasks.scoring.sentences import split_sentences
from tasks.scoring.speakers import speaker_of


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of one turn, `turn_position` counted from 0 among those of its speaker."""

    text: str
    turn_position: int
    evidence: Evidence

    def __repr__(self) -> str:
        return f"Sentence({self.evidence})"


@dataclass(frozen=True, slots=True)
class Said:
    """What each side said in public, in order."""

    customer: tuple[Sentence, ...]
    agent: tuple[Sentence, ...]
    customer_turns: int
    agent_turns: int


def said_in(conversation: Conversation) -> Said:
    """The sentences of customer and agent. On a call, those that sound like one of them."""
    customer, agent = [], []
    customer_turns = agent_turns = 0
    for turn in conversation.turns:
        if not turn.is_public:
            continue
        theirs = list(_customer_sentences(turn, customer_turns))
        ours = list(_agent_sentences(turn, agent_turns))
        customer += theirs
        agent += ours
        customer_turns += bool(theirs)
        agent_turns += bool(ours)
    return Said(tuple(customer), tuple(agent), customer_turns, agent_turns)


def _customer_sentences(turn: Turn, position: int) -> Iterator[Sentence]:
    if turn.speaker in ("customer", "unknown"):
        for one in message_sentences(turn.text):
            if speaker_of(turn, one.text) == "customer":
                yield Sentence(one.text, position, _place(turn, one.start, one.end))


def _agent_sentences(turn: Turn, position: int) -> Iterator[Sentence]:
    if turn.speaker in ("agent", "unknown"):
        for one in split_sentences(turn.text):
            if speaker_of(turn, one.text) == "agent":
                yield Sentence(one.text, position, _place(turn, one.start, one.end))


def _place(turn: Turn, start: int, end: int) -> Evidence:
    return Evidence(turn.comment_id, turn.turn_no, start, end)
