"""What judges conversations by procedures. There may be several: on this machine, and elsewhere."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from tasks.scoring.records import Conversation, Finding, Sop

# The rules of asking a model elsewhere (asking.py): changes with any word of them.
RULES_VERSION = "steps-2"
# Which conversations are judged by a procedure; both by their positions.
Asked = Mapping[int, Sequence[int]]
# The findings on one conversation, by the position of the procedure: one for each of its steps.
Found = dict[int, tuple[Finding, ...]]


class Judge(Protocol):
    """One way to judge.

    `version` names model and rules: another one judges everything anew. `unverified` counts
    verdicts that were taken back because no quotation held.
    """

    @property
    def version(self) -> str: ...

    @property
    def unverified(self) -> int: ...

    def judge(
        self, sops: Sequence[Sop], conversations: Sequence[Conversation], asked: Asked
    ) -> Sequence[Found | None]:
        """What was found about each conversation; None for one that a budget left no money for.

        A procedure that nobody asked for in a conversation is not among its findings. The evidence
        of a finding is in a turn of the conversation, verbatim, and said by an agent.
        """
        ...
