"""Whether agents followed a procedure, step by step, with the sentence that shows it."""

from collections.abc import Sequence

from tasks.embedding import Embedder
from tasks.scoring.records import Conversation, Finding, Sop

SOP_VERSION = "evidence-1"


def judge(
    sop: Sop, conversations: Sequence[Conversation], embedder: Embedder
) -> list[tuple[Finding, ...]]:
    """One tuple per conversation with one finding per step, in the steps' order."""
    return [
        tuple(Finding(step.step_no, "unknown", 0.0, "no_evidence", None) for step in sop.steps)
        for _ in conversations
    ]
