"""An analyst that is remote sees no one's name; what it points at is found in the original."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from tasks.assessment.protocol import Analyst
from tasks.assessment.records import Assessment, Case
from tasks.scoring.records import Evidence


class RedactedTexts(Protocol):
    """Texts of one conversation without what is personal in them."""

    @property
    def texts(self) -> Sequence[str]:
        """One for each original, in order."""
        ...

    def original_span(self, text_no: int, start: int, end: int) -> tuple[int, int]:
        """Where `texts[text_no][start:end]` stands in the original."""
        ...


class TextRedactor(Protocol):
    """Takes what is personal out of one conversation."""

    def redact(self, texts: Sequence[str]) -> RedactedTexts:
        """The texts without it."""
        ...


# For each ticket's id, who takes its people out of it.
Redactors = Callable[[Sequence[int]], Mapping[int, TextRedactor]]


class RedactingAnalyst:
    """`analyst` behind redaction. Summaries keep their placeholders: they name nobody."""

    def __init__(self, analyst: Analyst, redactors: Redactors) -> None:
        self._analyst = analyst
        self._redactors = redactors

    @property
    def remote(self) -> bool:
        return self._analyst.remote

    @property
    def model_version(self) -> str:
        return self._analyst.model_version

    def assess(self, cases: Sequence[Case]) -> list[Assessment]:
        """As `Analyst.assess`, with places in the originals."""
        hidden = hide(cases, self._redactors)
        found = self._analyst.assess([one.case for one in hidden])
        return [one.restored(told) for one, told in zip(hidden, found, strict=False)]


@dataclass(frozen=True, repr=False)
class HiddenCase:
    """A case without what is personal in its words, and the way back."""

    case: Case
    redacted: RedactedTexts

    def restored(self, told: Assessment) -> Assessment:
        """The assessment with places in the original."""
        return _restored(self.case, self.redacted, told)


def hide(cases: Sequence[Case], redactors: Redactors) -> list[HiddenCase]:
    """The cases as they may leave."""
    found = redactors([case.ticket_id for case in cases])
    hidden = []
    for case in cases:
        done = found[case.ticket_id].redact([turn.text for turn in case.conversation.turns])
        hidden.append(HiddenCase(_hidden(case, done), done))
    return hidden


def _hidden(case: Case, redacted: RedactedTexts) -> Case:
    turns = zip(case.conversation.turns, redacted.texts, strict=True)
    told = tuple(replace(turn, text=text) for turn, text in turns)
    return replace(case, conversation=replace(case.conversation, turns=told))


def _restored(case: Case, redacted: RedactedTexts, told: Assessment) -> Assessment:
    numbers = {
        (turn.comment_id, turn.turn_no): number
        for number, turn in enumerate(case.conversation.turns)
    }

    def original(at: Evidence | None) -> Evidence | None:
        if at is None:
            return None
        number = numbers[at.comment_id, at.turn_no]
        start, end = redacted.original_span(number, at.start_char, at.end_char)
        return replace(at, start_char=start, end_char=end)

    return replace(
        told,
        reasons=tuple(replace(one, evidence=original(one.evidence)) for one in told.reasons),
        checks=tuple(replace(one, evidence=original(one.evidence)) for one in told.checks),
    )
