"""What every provider of assessments offers."""

from collections.abc import Sequence
from typing import Protocol

from tasks.assessment.records import Assessment, Case


class Analyst(Protocol):
    """Judges tickets by a fixed rubric. What a ticket says is looked at and never obeyed."""

    @property
    def remote(self) -> bool:
        """Whether texts leave this machine: then they must be redacted before."""
        ...

    @property
    def model_version(self) -> str:
        """Model, prompt, rules and taxonomy: when one changes, tickets are assessed anew."""
        ...

    def assess(self, cases: Sequence[Case]) -> list[Assessment]:
        """One assessment for each case, in the given order.

        Fewer, those of the first cases, where the budget ends among them: the next call raises
        BudgetSpentError.
        """
        ...
