"""An analyst that is remote sees no one's name; what it points at is found in the original."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tasks.assessment.protocol import Analyst
from tasks.assessment.records import Assessment, Case
from tasks.redaction import HiddenConversation, Redactor, hidden

# For each ticket's id, who takes its people out of it.
Redactors = Callable[[Sequence[int]], Mapping[int, Redactor]]


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
        told = hide(cases, self._redactors)
        found = self._analyst.assess([one.case for one in told])
        return [one.restored(each) for one, each in zip(told, found, strict=False)]


@dataclass(frozen=True, repr=False)
class HiddenCase:
    """A case without what is personal in its words, and the way back."""

    case: Case
    way_back: HiddenConversation

    def restored(self, told: Assessment) -> Assessment:
        """The assessment with places in the original."""
        original = self.way_back.original
        return replace(
            told,
            reasons=tuple(replace(one, evidence=original(one.evidence)) for one in told.reasons),
            checks=tuple(replace(one, evidence=original(one.evidence)) for one in told.checks),
        )


def hide(cases: Sequence[Case], redactors: Redactors) -> list[HiddenCase]:
    """The cases as they may leave."""
    found = redactors([case.ticket_id for case in cases])
    done = [hidden(case.conversation, found[case.ticket_id]) for case in cases]
    return [
        HiddenCase(replace(case, conversation=one.conversation), one)
        for case, one in zip(cases, done, strict=True)
    ]
